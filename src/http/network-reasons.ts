/** Why there was no connection, or why it ended, for people: by the codes of the operating system. */
export const networkReasons: { readonly [code: string]: string } = {
  ECONNREFUSED: 'the host refused the connection',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while sending',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name service did not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
}
