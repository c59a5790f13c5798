import { AstBuilder, compile, GherkinClassicTokenMatcher, Parser } from '@cucumber/gherkin'
import { IdGenerator, type Pickle } from '@cucumber/messages'
import { readdirSync, readFileSync } from 'node:fs'

/** One scenario of the specification's conformance test kit, as its text has it. */
export interface Scenario {
  readonly feature: string
  readonly name: string
  readonly steps: readonly Step[]
}

export interface Step {
  /** The sentence without its keyword. */
  readonly sentence: string
  /** The text between the triple quotes. */
  readonly text: string | undefined
}

/** Every scenario of every `*.feature` file of the folder, in order of file name. */
export function readScenarios(folder: URL): Scenario[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.feature'))
  return files.sort().flatMap((file) => parseFeature(readFileSync(new URL(file, folder), 'utf8'), file))
}

/** Exported for its test. Throws where the text is not valid Gherkin. */
export function parseFeature(text: string, file: string): Scenario[] {
  const newId = IdGenerator.incrementing()
  const document = new Parser(new AstBuilder(newId), new GherkinClassicTokenMatcher()).parse(text)
  return compile(document, file, newId).map((pickle: Pickle) => ({
    feature: document.feature?.name ?? file,
    name: pickle.name,
    steps: pickle.steps.map(({ text: sentence, argument }) => ({
      sentence,
      text: argument?.docString?.content,
    })),
  }))
}
