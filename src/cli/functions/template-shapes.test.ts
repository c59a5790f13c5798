import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { functionLanguages } from '../init-function.ts'

type Language = (typeof functionLanguages)[number]

/** The parts of each template, and the command for its unit tests. */
const shapes: {
  readonly [language in Language]: { business: string; program: string; tests: string; command: string }
} = {
  python: {
    business: 'handle.py',
    program: 'main.py',
    tests: 'test_handle.py',
    command: 'python3 -m unittest',
  },
  typescript: { business: 'handle.ts', program: 'main.ts', tests: 'handle.test.ts', command: 'npm test' },
  java: {
    business: 'src/main/java/Handle.java',
    program: 'src/main/java/Main.java',
    tests: 'src/test/java/HandleTest.java',
    command: 'mvn test',
  },
  csharp: {
    business: 'Business.cs',
    program: 'Program.cs',
    tests: 'tests/BusinessTests.cs',
    command: 'dotnet test tests',
  },
  go: { business: 'handle.go', program: 'main.go', tests: 'handle_test.go', command: 'go test ./...' },
  php: {
    business: 'handle.php',
    program: 'main.php',
    tests: 'HandleTest.php',
    command: 'phpunit HandleTest.php',
  },
  rust: { business: 'src/handle.rs', program: 'src/main.rs', tests: 'src/handle.rs', command: 'cargo test' },
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (...steps: string[]) => readFileSync(join(root, ...steps), 'utf8')

/** What can be told of each template without its toolchain, also where that is not to be had. */
describe.each(functionLanguages)('the template in %s', (language) => {
  const { business, program, tests, command } = shapes[language]
  const folder = ['templates/functions', language]

  test('has its business logic, its program and its unit tests each in a file', () => {
    for (const file of [business, program, tests]) {
      expect(existsSync(join(root, ...folder, file)), file).toBe(true)
    }
  })

  test('is put into an image from files that are there', () => {
    const copies = read(...folder, 'Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)
    const sources = [...copies].flatMap(([, words = '']) => words.split(' '))
    expect(sources.length).toBeGreaterThan(0)
    for (const source of sources) {
      const pattern = new RegExp(`^${source.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
      const there =
        existsSync(join(root, ...folder, source)) ||
        readdirSync(join(root, ...folder)).some((name) => pattern.test(name))
      expect(there, source).toBe(true)
    }
  })

  test('is explained by its README.md and its guide: what to change, and how to test it', () => {
    const name = business.split('/').at(-1) ?? ''
    for (const text of [read(...folder, 'README.md'), read('docs/how-to/functions', `${language}.md`)]) {
      expect(text).toContain(name)
      expect(text).toContain(command)
      expect(text).toContain('sluse functions test')
    }
  })
})

test('the template in C# fits together: its projects, its program, its image and its function.yaml', () => {
  const at = (file: string) => read('templates/functions/csharp', file)
  const version = /<TargetFramework>net(\d+\.\d+)<\/TargetFramework>/.exec(at('Function.csproj'))?.[1]
  expect(version).toBeDefined()
  expect(at('tests/Tests.csproj')).toContain(`<TargetFramework>net${version}</TargetFramework>`)
  expect(at('tests/Tests.csproj')).toContain('<ProjectReference Include="../Function.csproj" />')
  expect(at('Dockerfile')).toContain(`dotnet/sdk:${version}`)
  expect(at('Dockerfile')).toContain(`dotnet/runtime:${version}`)
  // The assembly has the name of its project.
  expect(at('Dockerfile')).toContain('ENTRYPOINT ["dotnet", "Function.dll"]')
  expect(at('function.yaml')).toContain('command: dotnet out/Function.dll')
  expect(at('function.yaml')).toMatch(/build: dotnet publish Function\.csproj .*--output out$/m)
  expect(at('Business.cs')).toMatch(
    /public static class Business\b[^]*public static JsonNode Handle\(JsonNode/,
  )
  expect(at('Program.cs')).toContain('Business.Handle(')
  expect(at('tests/BusinessTests.cs')).toContain('Business.Handle(')
  // Else a test would be compiled into the function.
  expect(at('Function.csproj')).toContain('<EnableDefaultCompileItems>false</EnableDefaultCompileItems>')
})
