/**
 * The outgoing HTTP client and its authentication: the one way by which anything here calls out.
 */
export { createHttpClient } from './create-client.ts'
export type {
  Access,
  Authorization,
  ClientCertificate,
  HttpClient,
  HttpRequest,
  HttpResponse,
  HttpSettings,
  UnderPolicies,
} from './client.ts'
export { maskFor, type Mask } from './masking.ts'
export { networkReasons } from './network-reasons.ts'
export { socketRules, type SocketRules, type SocketTls } from './sockets.ts'
