import { Option } from 'commander'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { SluseError } from '../errors.ts'
import { exitCodes } from './failure.ts'
import { functionLanguages, initFunction } from './init-function.ts'
import { verb } from './verb.ts'

export const initVerb = verb({
  name: 'init',
  arguments: [['[folder]', 'Where; it is made, and must be empty if it is there.']],
  about: 'Make a small project that works, or a function in a language of your choice.',
  settings: [],
  options: [
    new Option('--function <language>', 'Add a function written in it to the project.').choices(
      functionLanguages,
    ),
    new Option('--name <name>', 'What the function is called.').default('greet'),
  ],
  run: async ({ words, options, terminal }) => {
    const folder = resolve(typeof words[0] === 'string' ? words[0] : '.')
    if (typeof options.function === 'string') {
      return initFunction(folder, options.function, String(options.name), terminal)
    }
    const there = await readdir(folder).catch(() => [])
    if (there.some((name) => !name.startsWith('.'))) {
      throw new SluseError('SLUSE-USAGE', `${folder} is not empty.`)
    }
    for (const [file, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), content)
    }
    const names = Object.keys(files)
    if (terminal.json) terminal.data({ folder, files: names })
    else {
      const into = relative(process.cwd(), folder)
      terminal.note(`Made ${names.join(', ')}.\n\nNext:`)
      if (into !== '') terminal.note(`  cd ${into}`)
      terminal.note('  sluse test\n  sluse run greet --input \'{"name":"Åse"}\'\n  sluse dev')
    }
    return exitCodes.done
  },
})

const files = {
  'pipelines/greet.yaml': `document:
  dsl: '1.0.3'
  namespace: examples
  name: greet
  version: '1.0.0'
  title: A first pipeline
input:
  schema:
    document:
      type: object
      required: [name]
      properties:
        name: { type: string, minLength: 1 }
do:
  - takeABreath:
      wait: { seconds: 1 }
  - greet:
      set:
        message: '\${ "Goddag, \\(.name)." }'
`,
  'pipelines/greet.test.yaml': `pipeline: greet.yaml
tests:
  - name: somebody is greeted by name
    input: { name: Åse }
    expect:
      output: { message: 'Goddag, Åse.' }
  - name: somebody without a name is not
    input: { name: '' }
    expect:
      status: faulted
      error: { status: 400 }
`,
  'sluse.yaml': `# Settings of this project; \`sluse serve --help\` lists them all.
port: 8080
`,
  '.gitignore': `.sluse/
`,
  'README.md': `# A Sluse project

| | |
|---|---|
| \`sluse validate\` | all findings on the pipelines |
| \`sluse test\` | the tests beside them (\`*.test.yaml\`) |
| \`sluse run greet --input '{"name":"Åse"}'\` | one run, in this process |
| \`sluse dev\` | the server, taking up pipelines as you edit them |
`,
} as const
