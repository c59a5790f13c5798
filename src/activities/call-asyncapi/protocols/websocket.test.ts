import { startWebsocketHub } from '../../../../test/servers/brokers/websocket-hub.ts'
import { waitUntil } from '../../../../test/servers/brokers/program.ts'
import { protocolSuite } from '../testing/protocol-suite.ts'

const start = async () => {
  const hub = await startWebsocketHub('secret')
  return {
    parts: { protocol: 'ws', port: hub.port, address: '/things' },
    authentication: { bearer: { token: 'secret' } },
    watch() {
      const before = hub.handshakes.length
      return () => waitUntil(() => hub.handshakes.length > before)
    },
    kill: () => hub.close(),
    close: async () => {},
  }
}
protocolSuite('WebSocket', start, { headers: false, mute: true })
