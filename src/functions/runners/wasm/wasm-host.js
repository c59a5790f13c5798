/**
 * Runs a WebAssembly program (WASI preview 1) on this process's own input and output: it reads and writes lines as
 * any program does. It sees no file and no socket. What bounds it is the process around it, and its memory besides.
 *
 * Arguments: the program (absolute), megabytes of memory, what the function declares.
 */
import { readSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { WASI } from 'node:wasi'

const [, , file, megabytes, ...rest] = process.argv
const pagesOfAMegabyte = 16
setFlagsFromString(`--wasm-max-mem-pages=${Number(megabytes) * pagesOfAMegabyte}`)
const wasi = new WASI({
  version: 'preview1',
  args: ['function', ...rest],
  env: process.env,
  returnOnExit: true,
})
const imports = wasi.getImportObject()
const system = imports.wasi_snapshot_preview1
let memory

/**
 * Each of `iovs` is an address and a length in the program's memory; `move` reads or writes there and says how many
 * bytes. Node.js's own gives EAGAIN where there is nothing to read yet, and programs take that for a failure.
 */
function transfer(iovs, count, total, move) {
  const view = new DataView(memory.buffer)
  let moved = 0
  for (let at = 0; at < count; at += 1) {
    const address = view.getUint32(iovs + at * 8, true)
    const length = view.getUint32(iovs + at * 8 + 4, true)
    const bytes = move(new Uint8Array(memory.buffer, address, length))
    moved += bytes
    if (bytes < length) break
  }
  view.setUint32(total, moved, true)
  return 0
}

const pause = new Int32Array(new SharedArrayBuffer(4))

/** Waits where the system would have the caller come again. */
function patiently(act) {
  for (;;) {
    try {
      return act()
    } catch (error) {
      if (error.code === 'EOF') return 0
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, 1)
    }
  }
}

const { fd_read: read, fd_write: write } = system
system.fd_read = (fd, iovs, count, total) =>
  fd === 0
    ? transfer(iovs, count, total, (part) => patiently(() => readSync(0, part)))
    : read(fd, iovs, count, total)
system.fd_write = (fd, iovs, count, total) =>
  fd === 1 || fd === 2
    ? transfer(iovs, count, total, (part) => patiently(() => writeSync(fd, part)))
    : write(fd, iovs, count, total)

const instance = await WebAssembly.instantiate(await WebAssembly.compile(await readFile(file)), imports)
memory = instance.exports.memory
process.exitCode = wasi.start(instance)
