#!/usr/bin/env node
import { runCommandLine } from './command-line.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read it has had enough: `sluse runs list | head`.
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})
process.exitCode = await runCommandLine(process.argv.slice(2))
// Everything is closed by now. Should something hold on none the less, it must not keep a script waiting.
setTimeout(() => process.exit(), 3000).unref()
