import { fromMarkdown } from 'mdast-util-from-markdown'

/**
 * A safe part of Markdown as a tree, so that whoever shows it makes elements of it and never HTML from text: what is
 * in an approval comes from outside. HTML is text here, pictures are their description, and links lead to web or mail
 * addresses only; `host` is where, to be shown beside what the link says.
 */
export type MarkdownNode =
  | { readonly type: 'text' | 'code' | 'codeBlock'; readonly value: string }
  | { readonly type: 'heading'; readonly level: number; readonly children: readonly MarkdownNode[] }
  | { readonly type: 'list'; readonly ordered: boolean; readonly children: readonly MarkdownNode[] }
  | {
      readonly type: 'link'
      readonly url: string
      readonly host: string
      readonly children: readonly MarkdownNode[]
    }
  | { readonly type: 'break' | 'rule' }
  | {
      readonly type: 'paragraph' | 'strong' | 'emphasis' | 'quote' | 'item'
      readonly children: readonly MarkdownNode[]
    }

const longest = 50_000

export function readMarkdown(text: string): MarkdownNode[] {
  const bounded = text.length > longest ? `${text.slice(0, longest)}…` : text
  return childrenOf(fromMarkdown(bounded), 0)
}

type Node = ReturnType<typeof fromMarkdown> | ReturnType<typeof fromMarkdown>['children'][number]

const deepest = 20

function childrenOf(node: Node, depth: number): MarkdownNode[] {
  return 'children' in node ? node.children.flatMap((child) => safe(child, depth + 1)) : []
}

function safe(node: Node, depth: number): MarkdownNode[] {
  if (depth > deepest) return []
  const children = () => childrenOf(node, depth)
  switch (node.type) {
    case 'text':
    case 'html':
      return [{ type: 'text', value: node.value }]
    case 'inlineCode':
      return [{ type: 'code', value: node.value }]
    case 'code':
      return [{ type: 'codeBlock', value: node.value }]
    case 'paragraph':
    case 'strong':
    case 'emphasis':
      return [{ type: node.type, children: children() }]
    case 'blockquote':
      return [{ type: 'quote', children: children() }]
    case 'listItem':
      return [{ type: 'item', children: children() }]
    case 'list':
      return [{ type: 'list', ordered: node.ordered === true, children: children() }]
    case 'heading':
      return [{ type: 'heading', level: node.depth, children: children() }]
    case 'break':
      return [{ type: 'break' }]
    case 'thematicBreak':
      return [{ type: 'rule' }]
    case 'image':
      return [{ type: 'text', value: node.alt ?? '' }]
    case 'link': {
      const host = hostOf(node.url)
      return host === undefined ? children() : [{ type: 'link', url: node.url, host, children: children() }]
    }
    default:
      return children()
  }
}

function hostOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  if (url.protocol === 'mailto:') return url.pathname
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.host : undefined
}
