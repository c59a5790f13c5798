#!/usr/bin/env node
// In the place of `npx`: whatever package it is asked for, it is a tool server with one tool, which says what it got.
import { createInterface } from 'node:readline'

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: process.argv[2], version: '1.0.0' },
  }),
  'tools/call': ({ name, arguments: given }) => ({
    content: [
      { type: 'text', text: JSON.stringify({ name, given, token: process.env.SLACK_MCP_XOXP_TOKEN }) },
    ],
  }),
}

let initialized = false
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  if (method === 'notifications/initialized') initialized = true
  if (id === undefined) continue
  const answer = method === 'tools/call' && !initialized ? undefined : answers[method]?.(params)
  const body = answer ? { result: answer } : { error: { code: -32601, message: `cannot ${method}` } }
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...body })}\n`)
}
