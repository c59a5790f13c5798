import type { Json } from '../workflow/index.ts'

const units: { readonly [unit: string]: number } = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
}

/** Bytes of a quantity as Kubernetes writes memory: `256Mi`, `1G`, `268435456`. `undefined` where it is none. */
export function bytesOf(value: Json): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?)(Ki|Mi|Gi|k|M|G)?$/.exec(String(value)) ?? []
  const factor = units[unit]
  return digits === undefined || factor === undefined ? undefined : Math.floor(Number(digits) * factor)
}
