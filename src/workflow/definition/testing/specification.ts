import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

/** The specification's own files, which lie beside the repository and are never part of it. */
const folder = '../shared/spec'

export const isThere = existsSync(`${folder}/schema/workflow.yaml`)

/** Why a test is skipped, to stand in its name. */
export const skipped = isThere ? '' : ` (skipped: the specification is not in ${folder})`

export interface Example {
  readonly file: string
  readonly text: string
}

export function examples(): Example[] {
  return readdirSync(`${folder}/examples`)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({ file, text: readFileSync(`${folder}/examples/${file}`, 'utf8') }))
}

/** Every definition of the conformance test kit: the text between triple quotes that has a `document`. */
export function scenarios(): Example[] {
  return readdirSync(`${folder}/ctk/features`).flatMap((file) => {
    const feature = readFileSync(`${folder}/ctk/features/${file}`, 'utf8')
    const blocks = [...feature.matchAll(/^( *)"""yaml\n([\s\S]*?)^ *"""/gm)].map((match) =>
      unindented(match[2] ?? ''),
    )
    return blocks
      .filter((text) => /^document:/m.test(text))
      .map((text, index) => ({ file: `${file} ${index + 1}`, text }))
  })
}

function unindented(text: string): string {
  const indent = /^ */.exec(text)?.[0].length ?? 0
  return text.replaceAll(new RegExp(`^ {${indent}}`, 'gm'), '')
}

/** The specification's schema as a validator of plain data. */
export function specificationSchema(): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: false, logger: false })
  addFormats.default(ajv)
  return ajv.compile(parse(readFileSync(`${folder}/schema/workflow.yaml`, 'utf8')) as object)
}
