/**
 * The HTTP API: one route file per resource. Requests are checked by the schemas from which `/openapi.json` is made;
 * every failure is answered as problem details.
 */
export { isLoopbackAddress } from './guard.ts'
export { createServer, type ServerOptions } from './create-server.ts'
export { openWaitingRoom } from './waiting-room.ts'
export { listen, refuseOpenDoor, type Listening } from './listen.ts'
export type { ProcessAnswer, TargetAnswer } from './schemas.ts'
