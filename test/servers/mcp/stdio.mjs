/** A Model Context Protocol server as a process, made with the protocol's own library. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { z } from 'zod'

console.log('this line is no message')
console.error(`starting with ${process.argv.slice(2).join(' ')}`)
if (process.argv.includes('--die')) process.exit(3)

const server = new McpServer({ name: 'tools', version: '1.0.0' })
server.registerTool('add', { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => ({
  content: [{ type: 'text', text: String(a + b) }],
}))
server.registerTool('environment', {}, () => ({
  content: [{ type: 'text', text: JSON.stringify(process.env) }],
}))
server.registerTool('slow', {}, () => new Promise(() => {}))
server.registerTool('die', {}, () => process.exit(4))
server.registerTool(
  'flood',
  {},
  () => new Promise(() => setInterval(() => process.stdout.write('x'.repeat(1e6)), 1)),
)
await server.connect(new StdioServerTransport())
