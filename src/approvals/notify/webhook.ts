import { createHmac } from 'node:crypto'
import type { HttpClient } from '../../http/index.ts'
import type { Channel } from './outbox.ts'

export interface WebhookSettings {
  readonly url: string
  /** Signs the body: `sluse-signature: sha256=<hex of the HMAC-SHA256>`. */
  readonly secret?: string
  readonly link: (approval: string) => string
  readonly http: HttpClient
}

const timeoutMs = 20_000

/** Posts each notice as a CloudEvent, structured; its `id` is the same for each attempt. */
export function webhookChannel({ url, secret, link, http }: WebhookSettings): Channel {
  return async ({ id, content }) => {
    const { kind, approval, name: _name, title: _title, ...rest } = content
    const body = JSON.stringify({
      specversion: '1.0',
      id,
      source: '/sluse/approvals',
      type: `dk.sluse.approval.${kind}.v1`,
      subject: approval,
      datacontenttype: 'application/json',
      data: { approval, ...rest, link: link(approval) },
    })
    await http.send(
      {
        method: 'POST',
        uri: url,
        headers: {
          'content-type': 'application/cloudevents+json',
          ...(secret !== undefined && { 'sluse-signature': `sha256=${hmac(secret, body)}` }),
        },
        body,
      },
      { secrets: {}, signal: AbortSignal.timeout(timeoutMs) },
    )
  }
}

function hmac(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}
