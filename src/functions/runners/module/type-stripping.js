// @ts-check
/** Lets Node.js import TypeScript, also where it cannot by itself: types are stripped, lines and columns stay. */
import { register } from 'node:module'

const { typescript } = /** @type {{ typescript?: unknown }} */ (process.features)
if (!typescript) register(new URL('./type-stripping-hooks.js', import.meta.url).href)
