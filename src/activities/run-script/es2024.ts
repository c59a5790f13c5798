/**
 * What ES2024 has and Node.js 20 has not, for scripts: evaluated before them, and only where it is missing.
 * (ECMA-262, 15th edition: `Object.groupBy`, `Map.groupBy`, `Promise.withResolvers`, `ArrayBuffer.prototype.transfer`.)
 */
const source = `
const define = (on, name, value) => {
  if (!(name in on)) Object.defineProperty(on, name, { value, writable: true, configurable: true })
}
const grouped = (items, keyOf, add) => {
  let index = 0
  for (const item of items) add(keyOf(item, index++), item)
}
define(Object, 'groupBy', function groupBy(items, keyOf) {
  const groups = Object.create(null)
  grouped(items, keyOf, (key, item) => {
    const name = typeof key === 'symbol' ? key : String(key)
    ;(groups[name] ??= []).push(item)
  })
  return groups
})
define(Map, 'groupBy', function groupBy(items, keyOf) {
  const groups = new Map()
  grouped(items, keyOf, (key, item) => {
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  })
  return groups
})
define(Promise, 'withResolvers', function withResolvers() {
  let resolve, reject
  const promise = new this((yes, no) => { resolve = yes; reject = no })
  return { promise, resolve, reject }
})
const detached = new WeakSet()
const moved = (buffer, length, options) => {
  const size = length === undefined ? buffer.byteLength : Number(length)
  const target = new ArrayBuffer(size, options)
  new Uint8Array(target).set(new Uint8Array(buffer, 0, Math.min(size, buffer.byteLength)))
  structuredClone(buffer, { transfer: [buffer] })
  detached.add(buffer)
  return target
}
define(ArrayBuffer.prototype, 'transfer', function transfer(length) {
  return moved(this, length, this.resizable ? { maxByteLength: this.maxByteLength } : undefined)
})
define(ArrayBuffer.prototype, 'transferToFixedLength', function transferToFixedLength(length) {
  return moved(this, length)
})
if (!('detached' in ArrayBuffer.prototype)) {
  Object.defineProperty(ArrayBuffer.prototype, 'detached', { get() { return detached.has(this) }, configurable: true })
}
`

/** Arguments of `node` that evaluate it first; none where this Node.js, which runs the scripts too, has it all. */
export const es2024: readonly string[] =
  'withResolvers' in Promise && 'groupBy' in Object && 'transfer' in ArrayBuffer.prototype
    ? []
    : ['--import', `data:text/javascript,${encodeURIComponent(source)}`]
