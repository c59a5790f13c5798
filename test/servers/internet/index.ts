/**
 * A small internet on loopback: named hosts over HTTP and TLS behind a forward proxy, with certificates of an
 * authority made for the test. Lets a definition run unaltered that calls hosts of the real one.
 */
export { createTestAuthority, type TestAuthority } from './certificates.ts'
export type { Host, HostAnswer, HostRequest } from './host.ts'
export { type Internet, openInternet } from './internet.ts'
