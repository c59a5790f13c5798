import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../workflow/index.ts'
import { newSeal } from '../records/new-seal.ts'
import { sealerOf } from './seal.ts'

const sealer = (secrets: { [name: string]: Json }) => sealerOf(newSeal(Object.keys(secrets)), secrets)
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('sealing', () => {
  const secret = 'hem"lig\n/ø?1'

  it.each([
    ['itself', secret],
    ['within a text', `Bearer ${secret}.`],
    ['in a member name', { [secret]: 1 }],
    ['as JSON within a text', JSON.stringify({ token: secret })],
    ['as base64', base64(secret)],
    ['as base64 after a name, as Basic has it', base64(`user:${secret}`)],
    ['as base64 between others', base64(`ab${secret}yz`)],
    ['in an address', `https://example.com/?key=${encodeURIComponent(secret)}&n=1`],
    ['as hexadecimal', Buffer.from(secret).toString('hex')],
  ])('hides a secret %s, and gives it back', (_, value) => {
    const { write, read, conceal } = sealer({ token: secret })
    const text = write(value)
    for (const form of ['hem', 'lig', base64(secret).slice(0, 10), encodeURIComponent(secret)]) {
      expect(text).not.toContain(form)
    }
    expect(read(text)).toEqual(value)
    expect(JSON.stringify(conceal(value))).toContain('•••')
  })

  it('hides the texts within a secret that is an object', () => {
    const text = sealer({ login: { username: 'anders', password: 'and1234' } }).write(['anders', 'and1234'])
    expect(text).not.toMatch(/anders|and1234/)
  })

  it('hides a secret that stands as a number, and gives a number back', () => {
    const { write, read, conceal } = sealer({ pin: '123456' })
    expect(write({ pin: 123456 })).not.toContain('123456')
    expect(read(write({ pin: 123456 }))).toEqual({ pin: 123456 })
    expect(JSON.stringify(conceal({ pin: 123456 }))).not.toContain('123456')
  })

  it('leaves values shorter than four characters: they would match everywhere', () => {
    expect(sealer({ pin: '123' }).write('123')).toBe('"123"')
  })

  it('puts the present value back when the secret was changed', () => {
    const seal = newSeal(['token'])
    const text = sealerOf(seal, { token: 'old-secret' }).write('Bearer old-secret')
    expect(sealerOf(seal, { token: 'new-secret' }).read(text)).toBe('Bearer new-secret')
  })

  it('gives nothing to a mark that somebody forged', () => {
    const { read, write } = sealer({ token: 'the-secret' })
    const forged = '⟦0123456789abcdef|token|raw⟧'
    expect(read(write(forged))).toBe(forged)
  })

  it('gives back every value as it was, and no secret is in the text', () => {
    const secrets = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.string({ minLength: 8, maxLength: 20 }),
      {
        minKeys: 1,
        maxKeys: 3,
      },
    )
    fc.assert(
      fc.property(secrets, fc.array(fc.oneof(fc.jsonValue(), fc.nat(10))), (given, parts) => {
        const values = Object.values(given)
        const value = parts.map((part) =>
          typeof part === 'number' ? `<${values[part % values.length] ?? ''}>` : (part as Json),
        )
        const { write, read } = sealer(given)
        const text = write(value)
        expect(read(text)).toEqual(JSON.parse(JSON.stringify(value)))
        const texts: string[] = []
        JSON.parse(
          text,
          (key: string, item: Json) => (
            texts.push(key, typeof item === 'object' ? JSON.stringify(item) : String(item)),
            item
          ),
        )
        for (const hidden of values)
          expect(texts.some((one) => one.includes(hidden) && !one.includes('⟦'))).toBe(false)
      }),
    )
  })
})
