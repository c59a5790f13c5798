import { expect, test } from 'vitest'
import { readMarkdown, type MarkdownNode } from './markdown.ts'

test('what people write with is kept', () => {
  expect(readMarkdown('# Sag\n\nBeløb: **12.000 kr.** _i alt_\n\n- en\n- `to`')).toEqual([
    { type: 'heading', level: 1, children: [{ type: 'text', value: 'Sag' }] },
    {
      type: 'paragraph',
      children: [
        { type: 'text', value: 'Beløb: ' },
        { type: 'strong', children: [{ type: 'text', value: '12.000 kr.' }] },
        { type: 'text', value: ' ' },
        { type: 'emphasis', children: [{ type: 'text', value: 'i alt' }] },
      ],
    },
    {
      type: 'list',
      ordered: false,
      children: [
        { type: 'item', children: [{ type: 'paragraph', children: [{ type: 'text', value: 'en' }] }] },
        { type: 'item', children: [{ type: 'paragraph', children: [{ type: 'code', value: 'to' }] }] },
      ],
    },
  ])
})

test.each([
  '<script>alert(1)</script>',
  'a <img src=x onerror=alert(1)> b',
  '[click](javascript:alert(1))',
  '[click](data:text/html,<script>alert(1)</script>)',
  '[click](  JaVaScRiPt:alert(1))',
  '<javascript:alert(1)>',
  '![x](javascript:alert(1))',
  '![x](https://evil.example/track.png)',
  '[a]: javascript:alert(1)\n\n[click][a]',
  '[click](vbscript:x)',
  '[click](file:///etc/passwd)',
  '[click](//evil.example)',
  '<a href="https://evil.example" onclick="x()">approve</a>',
  '<svg/onload=alert(1)>',
])('%s makes no element, and leads nowhere', (text) => {
  const types = new Set<string>()
  const look = (nodes: readonly MarkdownNode[]) => {
    for (const node of nodes) {
      types.add(node.type)
      if ('children' in node) look(node.children)
    }
  }
  look(readMarkdown(text))
  expect([...types].filter((type) => !['paragraph', 'text'].includes(type))).toEqual([])
})

test('a link says where it leads', () => {
  const [paragraph] = readMarkdown('[vejledning](https://by.dk/vejledning)')
  expect(paragraph).toMatchObject({
    children: [{ type: 'link', host: 'by.dk', url: 'https://by.dk/vejledning' }],
  })
})

test('nesting without end is cut off', () => {
  expect(JSON.stringify(readMarkdown('>'.repeat(5000))).length).toBeLessThan(5000)
  expect(readMarkdown(`${'['.repeat(3000)}a`)).toHaveLength(1)
})
