import { useId, useState } from 'react'
import { Field } from '../parts/field.tsx'
import { useTexts } from '../texts/index.tsx'
import './form.css'
import { kindOf, type Schema } from './schema.ts'

interface Props {
  readonly schema: Schema
  readonly value: unknown
  readonly onChange: (value: unknown) => void
}

/** The fields for a map, made from its JSON Schema. The browser itself says what is missing or does not fit. */
export function SchemaForm({ schema, value, onChange }: Props) {
  const current = isMap(value) ? value : {}
  return (
    <div className="schema-form">
      {Object.entries(schema.properties ?? {}).map(([name, each]) => (
        <SchemaField
          key={name}
          name={name}
          schema={each}
          required={schema.required?.includes(name) ?? false}
          value={current[name]}
          onChange={(next) => {
            const { [name]: _old, ...rest } = current
            onChange(next === undefined ? rest : { ...rest, [name]: next })
          }}
        />
      ))}
    </div>
  )
}

interface FieldProps extends Props {
  readonly name: string
  readonly required: boolean
}

function SchemaField({ name, schema, required, value, onChange }: FieldProps) {
  const { t } = useTexts()
  const kind = kindOf(schema)
  const title = schema.title ?? name
  const label = required || kind === 'boolean' ? title : t('form.optional', { name: title })
  if (kind === 'object') {
    return (
      <fieldset className="schema-group">
        <legend>{label}</legend>
        <SchemaForm schema={schema} value={value} onChange={onChange} />
      </fieldset>
    )
  }
  if (kind === 'boolean') {
    return <Check label={label} hint={schema.description} value={value === true} onChange={onChange} />
  }
  if (kind === 'json') return <JsonField label={label} schema={schema} value={value} onChange={onChange} />
  if (kind === 'list')
    return <ListField label={label} schema={schema} value={value} onChange={onChange} required={required} />
  const text = value === undefined || value === null ? '' : String(value)
  return (
    <Field label={label} hint={schema.description}>
      {(attributes) =>
        kind === 'choice' ? (
          <select
            {...attributes}
            required={required}
            value={value === undefined ? '' : JSON.stringify(value)}
            onChange={({ target }) =>
              onChange(target.value === '' ? undefined : (JSON.parse(target.value) as unknown))
            }
          >
            <option value="">{t('form.choose')}</option>
            {schema.enum?.map((each) => (
              <option key={JSON.stringify(each)} value={JSON.stringify(each)}>
                {typeof each === 'string' ? each : JSON.stringify(each)}
              </option>
            ))}
          </select>
        ) : kind === 'number' ? (
          <input
            {...attributes}
            type="number"
            required={required}
            min={schema.minimum}
            max={schema.maximum}
            step={schema.type === 'integer' ? 1 : 'any'}
            value={text}
            onChange={({ target }) => onChange(target.value === '' ? undefined : Number(target.value))}
          />
        ) : (
          <input
            {...attributes}
            type={inputTypes[schema.format ?? ''] ?? 'text'}
            required={required}
            minLength={schema.minLength}
            maxLength={schema.maxLength}
            pattern={schema.pattern}
            value={text}
            onChange={({ target }) => onChange(target.value === '' && !required ? undefined : target.value)}
          />
        )
      }
    </Field>
  )
}

const inputTypes: { readonly [format: string]: string } = { date: 'date', email: 'email', uri: 'url' }

interface CheckProps {
  readonly label: string
  readonly hint: string | undefined
  readonly value: boolean
  readonly onChange: (value: boolean) => void
}

function Check({ label, hint, value, onChange }: CheckProps) {
  const id = useId()
  return (
    <div>
      <label className="check">
        <input
          type="checkbox"
          checked={value}
          aria-describedby={hint === undefined ? undefined : id}
          onChange={({ target }) => onChange(target.checked)}
        />
        {label}
      </label>
      {hint !== undefined && (
        <span className="hint" id={id}>
          {hint}
        </span>
      )}
    </div>
  )
}

/** One value a line. */
function ListField({
  label,
  schema,
  value,
  onChange,
  required,
}: Omit<FieldProps, 'name'> & { readonly label: string }) {
  const { t } = useTexts()
  const items: unknown[] = Array.isArray(value) ? value : []
  const numeric = schema.items !== undefined && kindOf(schema.items) === 'number'
  return (
    <Field label={label} hint={[schema.description, t('form.onePerLine')].filter(Boolean).join('. ')}>
      {(attributes) => (
        <textarea
          {...attributes}
          rows={3}
          required={required}
          value={items.map(String).join('\n')}
          onChange={({ target }) => {
            const lines = target.value === '' ? [] : target.value.split('\n')
            onChange(
              lines.length === 0 && !required
                ? undefined
                : lines.map((line) => (numeric && line.trim() !== '' ? Number(line) : line)),
            )
          }}
        />
      )}
    </Field>
  )
}

/** Any value, as JSON. */
export function JsonField({ label, schema, value, onChange }: Props & { readonly label: string }) {
  const { t } = useTexts()
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, undefined, 2)))
  const [invalid, setInvalid] = useState(false)
  return (
    <Field label={label} hint={schema.description} error={invalid ? t('json.invalid') : undefined}>
      {(attributes) => (
        <textarea
          {...attributes}
          className="code"
          rows={8}
          spellCheck={false}
          value={text}
          onChange={({ target }) => {
            setText(target.value)
            try {
              onChange(target.value.trim() === '' ? undefined : (JSON.parse(target.value) as unknown))
              setInvalid(false)
              target.setCustomValidity('')
            } catch {
              setInvalid(true)
              target.setCustomValidity(t('json.invalid'))
            }
          }}
        />
      )}
    </Field>
  )
}

function isMap(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
