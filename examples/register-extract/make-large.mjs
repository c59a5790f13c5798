// `node make-large.mjs 1000000`: an extract of so many people who do not exist, to see that memory stays small.
import { createWriteStream } from 'node:fs'

const count = Number(process.argv[2] ?? 1_000_000)
const out = createWriteStream(new URL('extract/citizens.csv', import.meta.url))
out.write('cpr;name;born;district;benefit\n')
for (let at = 0; at < count; at += 1) {
  const line = `010150${5000 + (at % 4000)};Borger ${at};2050-01-01;Distrikt ${at % 20};Boligstøtte\n`
  if (!out.write(line)) await new Promise((done) => out.once('drain', done))
}
out.end()
