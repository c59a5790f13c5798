/**
 * The expression compiler beside the same work in bare JavaScript, and beside jq itself in WebAssembly.
 */
import { performance } from 'node:perf_hooks'
import * as jq from 'jq-wasm'
import { compile } from '../src/jq/index.ts'

type Row = { id: number; name: string; amount: number; place: { city: string }; tags: string[] }

const list: Row[] = Array.from({ length: 20 }, (_, index) => ({
  id: index,
  name: `Ærø ${index}`,
  amount: index * 1.5,
  place: { city: 'Nørre Åby' },
  tags: ['a', 'b'],
}))
const deep = { a: { b: { c: 1 } } }

export async function run(): Promise<void> {
  const filter = 'map({ id: .id, name: .name, amount: (.amount * 2), city: .place.city, tag: .tags[0] })'
  const mapping = compile(filter)
  const bareMapping = (rows: Row[]) =>
    rows.map((row) => ({
      id: row.id,
      name: row.name,
      amount: row.amount * 2,
      city: row.place.city,
      tag: row.tags[0],
    }))
  const path = compile('.a.b.c')

  const maps = rate(() => mapping.first(list))
  const bare = rate(() => bareMapping(list))
  const wasm = await rateAsync(() => jq.json(list, filter))
  row('a list of 20, five fields each', maps, 'bare JavaScript', bare)
  row('a list of 20, five fields each', maps, 'jq in WebAssembly', wasm)
  row('objects of five fields', maps * 20, 'bare JavaScript', bare * 20)
  const paths = rate(() => path.first(deep))
  row(
    'a path of three names',
    paths,
    'bare JavaScript',
    rate(() => deep.a.b.c),
  )
}

const measureMs = 1000
let sink: unknown

function rate(work: () => unknown): number {
  for (let index = 0; index < 2000; index++) sink = work()
  let count = 0
  const began = performance.now()
  while (performance.now() - began < measureMs) {
    for (let index = 0; index < 500; index++) sink = work()
    count += 500
  }
  return count / ((performance.now() - began) / 1000)
}

async function rateAsync(work: () => Promise<unknown>): Promise<number> {
  let count = 0
  const began = performance.now()
  while (performance.now() - began < measureMs) {
    sink = await work()
    count += 1
  }
  return count / ((performance.now() - began) / 1000)
}

function row(what: string, value: number, peer: string, other: number): void {
  const shown = (number: number): string => Math.round(number).toLocaleString('en')
  console.log(
    `${what}: ${shown(value)}/s; ${peer}: ${shown(other)}/s; ratio ${(value / other).toPrecision(2)}`,
  )
  if (sink === undefined) console.log('nothing was computed')
}
