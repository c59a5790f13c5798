import type { Schemas } from '../../api/client.ts'
import { englishIn, ownError } from '../../parts/problem.tsx'
import { Mark } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { useTexts } from '../../texts/index.tsx'

/** What is wrong with definitions: where, and what to do. What is particular to one is in English, as in the command line. */
export function Findings({ findings }: { readonly findings: readonly Schemas['Finding'][] }) {
  const { t, language } = useTexts()
  return (
    <section className="panel">
      <h2>{t('findings.title')}</h2>
      <Table columns={[t('findings.severity'), t('findings.what'), t('findings.where')]}>
        {findings.map(({ severity, code, message, todo, file, line, column, pointer }) => {
          const own = ownError(code, language)
          return (
            <tr key={`${file}${line}${column}${code}${pointer}`}>
              <td>
                <Mark tone={severity === 'error' ? 'bad' : 'warn'}>{t(`findings.${severity}`)}</Mark>
              </td>
              <td data-label={t('findings.what')}>
                {own?.[0]}
                <span className={own ? 'sub' : undefined} lang={englishIn(language)}>
                  {message}
                </span>
                <span className="sub" lang={englishIn(language, own === undefined)}>
                  {own?.[1] ?? todo}
                </span>
              </td>
              <td data-label={t('findings.where')}>
                <span className="code">
                  {file}:{line}:{column}
                </span>
                <span className="sub code">{code}</span>
              </td>
            </tr>
          )
        })}
      </Table>
    </section>
  )
}
