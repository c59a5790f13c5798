import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The file of the program that a person runs as `sluse`. Where its modules were built anew without it, those: they do
 * the same, but take twice as long to begin.
 */
export const program = newer('program/sluse.js', '.tsbuildinfo')
  ? built('program/sluse.js')
  : built('cli/main.js')

function newer(one: string, other: string): boolean {
  return timeOf(one) >= timeOf(other)
}

function timeOf(file: string): number {
  return statSync(built(file), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function built(file: string): string {
  return fileURLToPath(new URL(`../dist/${file}`, import.meta.url))
}
