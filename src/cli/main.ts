#!/usr/bin/env node
import { runCommandLine } from './command-line.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read it has had enough: `sluse runs list | head`.
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})
// Not awaited: what a command loads may be joined with what this module loads, and must not have to wait for its end.
void runCommandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code
  // Everything is closed by now. Should something hold on none the less, it must not keep a script waiting.
  setTimeout(() => process.exit(), 3000).unref()
})
