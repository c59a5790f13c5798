import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { openServer } from '../src/server/testing/open-server.ts'

/** The console's types of the API: from the document that the server itself gives. */
export const clientTypes = 'console/src/api/schema.ts'

export async function makeClientTypes(): Promise<string> {
  const server = await openServer({})
  try {
    const { text } = await server.call('GET', '/openapi.json')
    const tree = await openapiTS(JSON.parse(text) as OpenAPI3, { alphabetize: true, exportType: true })
    return `// Written by \`npm run docs:api\` from the API's own description.\n${astToString(tree)}`
  } finally {
    await server.close()
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(clientTypes, await makeClientTypes())
}
