/**
 * The command line: one file per verb. What a verb needs is loaded when it is used, so that help comes at once.
 */
export { createProgram, runCommandLine } from './command-line.ts'
