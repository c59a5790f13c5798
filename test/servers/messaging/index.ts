import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../free-port.ts'

export interface MessageServer {
  readonly port: number
  stop(): Promise<void>
}

export const hasMosquitto = (): boolean => find('mosquitto') !== undefined
export const hasNats = (): boolean => find('nats-server') !== undefined
export const hasKafka = (): boolean => kafkaJars() !== undefined && find('java') !== undefined

/** An MQTT broker that asks for the user `andeby` with the password `hemmelig`. */
export async function startMosquitto(): Promise<MessageServer> {
  return start(find('mosquitto'), (home, port) => {
    const passwords = join(home, 'passwords')
    writeFileSync(passwords, 'andeby:hemmelig\n', { mode: 0o600 })
    execFileSync('mosquitto_passwd', ['-U', passwords], { stdio: 'pipe' })
    const config = join(home, 'mosquitto.conf')
    const lines = [
      `listener ${port} 127.0.0.1`,
      `password_file ${passwords}`,
      'allow_anonymous false',
      'user root',
    ]
    writeFileSync(config, `${lines.join('\n')}\n`)
    return ['-c', config]
  })
}

/** NATS with JetStream; asks for the token `hemmelig`. */
export async function startNats(): Promise<MessageServer> {
  return start(find('nats-server'), (home, port) => [
    '-a',
    '127.0.0.1',
    '-p',
    String(port),
    '-js',
    '-sd',
    home,
    '--auth',
    'hemmelig',
  ])
}

/** One node of Kafka, without ZooKeeper. */
export async function startKafka(): Promise<MessageServer> {
  const jars = kafkaJars()
  const controller = await freePort()
  return start(
    find('java'),
    (home, port) => {
      const logs = join(home, 'logs')
      mkdirSync(logs)
      const settings = [
        'process.roles=broker,controller',
        'node.id=1',
        `controller.quorum.voters=1@127.0.0.1:${controller}`,
        `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
        `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
        'controller.listener.names=CONTROLLER',
        'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
        'offsets.topic.replication.factor=1',
        'transaction.state.log.replication.factor=1',
        'transaction.state.log.min.isr=1',
        'offsets.topic.num.partitions=1',
        'transaction.state.log.num.partitions=1',
        'num.partitions=2',
        'group.initial.rebalance.delay.ms=0',
        `log.dirs=${logs}`,
      ]
      writeFileSync(join(home, 'server.properties'), `${settings.join('\n')}\n`)
      const classes = ['-cp', `${jars}/*`]
      const format = ['kafka.tools.StorageTool', 'format', '-t', 'c2x1c2Utc2x1c2Utc2x1cw']
      execFileSync('java', [...classes, ...format, '-c', join(home, 'server.properties')], { stdio: 'pipe' })
      return [
        '-Xmx256m',
        '-XX:TieredStopAtLevel=1',
        '-cp',
        `${jars}/*`,
        'kafka.Kafka',
        join(home, 'server.properties'),
      ]
    },
    120_000,
  )
}

/** Where `scripts/install-test-servers.sh` puts Kafka. */
function kafkaJars(): string | undefined {
  const folder = join(homedir(), '.cache', 'sluse-kafka')
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('kafka_'))
    ? folder
    : undefined
}

async function start(
  program: string | undefined,
  prepare: (home: string, port: number) => string[],
  patienceMs = 30_000,
): Promise<MessageServer> {
  if (program === undefined) throw new Error('It is not installed: scripts/install-test-servers.sh')
  const home = mkdtempSync(join(tmpdir(), 'sluse-messages-'))
  const port = await freePort()
  const server: ChildProcess = spawn(program, prepare(home, port), {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: home,
  })
  let log = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)))
  }
  const until = Date.now() + patienceMs
  while (!(await answers(port))) {
    if (server.exitCode !== null || Date.now() > until) throw new Error(`${program} did not start: ${log}`)
    await new Promise((done) => setTimeout(done, 50))
  }
  return {
    port,
    async stop() {
      const ended = new Promise((done) => server.once('exit', done))
      server.kill('SIGKILL')
      await ended
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function find(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file))
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const told = (up: boolean) => {
      socket.destroy()
      resolve(up)
    }
    socket.once('connect', () => told(true))
    socket.once('error', () => told(false))
  })
}
