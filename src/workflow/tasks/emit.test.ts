import { describe, expect, test } from 'vitest'
import { errorOf, outputOf, runWorkflow } from '../testing/run-workflow.ts'

const emit = (attributes: object) => [{ e: { emit: { event: { with: attributes } } } }]

describe('emit', () => {
  test('puts out the event, with what the author left out', async () => {
    expect(
      await outputOf(emit({ type: 'told', data: { hello: '${ .name }' } }), { input: { name: 'Anne' } }),
    ).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      source: '/test/example/1.0.0',
      time: '2026-01-31T12:00:00.000Z',
      type: 'told',
      data: { hello: 'Anne' },
    })
  })

  test('keeps what the author gives, extension attributes too', async () => {
    const given = {
      id: '7',
      source: 'https://{host}/x',
      type: 't',
      time: '2026-01-01T00:00:00Z',
      subject: '${ .n }',
      priority: 3,
      data: null,
    }
    expect(await outputOf(emit(given), { input: { n: 42, host: 'a.example' } })).toEqual({
      ...given,
      specversion: '1.0',
      source: 'https://a.example/x',
      subject: '42',
    })
  })

  test('leaves out an attribute that is null', async () => {
    expect(await outputOf(emit({ type: 't', subject: '${ null }' }))).not.toHaveProperty('subject')
  })

  test.each([{ type: '${ null }' }, { type: 't', id: '' }, { type: 't', priority: '${ {} }' }])(
    'refuses %j',
    async (attributes) => {
      expect((await errorOf(emit(attributes))).type).toMatch(/validation$/)
    },
  )

  test.each([
    ['id', 1000],
    ['type', 1000],
    ['subject', 10_000],
    ['source', 2000],
  ])('takes an attribute %s of %i characters, and no longer one', async (name, most) => {
    const given = (length: number) =>
      emit({
        type: 't',
        [name]: name === 'source' ? `/${'x'.repeat(length - 1)}` : `\${ "${'x'.repeat(length)}" }`,
      })
    expect(await outputOf(given(most))).toHaveProperty(name)
    expect(await errorOf(given(most + 1))).toMatchObject({
      type: expect.stringMatching(/validation$/) as string,
      detail: `The attribute '${name}' of an event is longer than ${most} characters.`,
    })
  })

  test('is an effect of the kind emit, under the key of the task', async () => {
    const { context } = await runWorkflow(emit({ type: 't' }))
    expect(context.asked.get('/do/0/e')).toMatchObject({ kind: 'emit' })
  })
})
