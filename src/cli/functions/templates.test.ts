import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import { contractSuite } from '../../functions/testing/contract-suite.ts'
import { testProject } from '../../functions/testing/project.ts'
import { has } from '../../functions/testing/toolchain.ts'
import { functionLanguages } from '../init-function.ts'

/** What must be there to build and test each; the unit tests as its README.md has them. */
const languages: {
  readonly [language in (typeof functionLanguages)[number]]: [needs: string[], unitTests: string]
} = {
  python: [['python3'], 'python3 -m unittest'],
  typescript: [['npm'], 'npm install --silent --no-audit --no-fund && npm test && npm run check'],
  java: [['javac', 'mvn'], 'mvn --quiet --batch-mode test'],
  csharp: [['dotnet'], 'dotnet test tests'],
  go: [['go'], 'go test ./...'],
  php: [['php', 'phpunit'], 'phpunit HandleTest.php'],
  rust: [['cargo'], 'cargo test --quiet'],
}

/** Some build tools fetch what they need from the network first. */
const patient = 600_000
const project = testProject()
afterAll(() => project.close())

for (const language of functionLanguages) {
  const [needs, unitTests] = languages[language]
  describe.skipIf(!needs.every(has))(`the template in ${language}`, () => {
    const shell = (command: string) =>
      execFileSync('/bin/sh', ['-c', command], {
        cwd: join(project.folder, 'functions', language, '1.0.0'),
        stdio: 'pipe',
      })

    test('is built by the command in its function.yaml', { timeout: patient }, () => {
      const folder = project.addTemplate(language)
      const build = /^ {2}build: (.*)$/m.exec(readFileSync(join(folder, 'function.yaml'), 'utf8'))?.[1]
      if (build !== undefined) shell(build)
    })

    contractSuite((records) => project.call(language, records))

    test('passes the unit tests of its own', { timeout: patient }, () => void shell(unitTests))
  })
}
