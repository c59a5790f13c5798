import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Settings } from '../config/index.ts'
import { SluseError } from '../errors.ts'
import type { ClientCertificate, HttpSettings } from '../http/index.ts'

/** What the outgoing client is told by the settings, with the files that they name read. */
export async function httpSettings(settings: Settings): Promise<HttpSettings> {
  const { httpAllowedHosts, httpDeniedHosts, httpAuthoritiesFile, httpClientCertificatesFile } = settings
  return {
    totalTimeoutMs: settings.httpTimeout,
    maxResponseBytes: settings.httpMaxResponseBytes,
    denyPrivateAddresses: settings.httpDenyPrivateAddresses,
    ...(httpAllowedHosts && { allowedHosts: httpAllowedHosts }),
    ...(httpDeniedHosts && { deniedHosts: httpDeniedHosts }),
    ...(httpAuthoritiesFile && {
      trustedAuthorities: [await read('httpAuthoritiesFile', httpAuthoritiesFile)],
    }),
    ...(httpClientCertificatesFile && {
      clientCertificates: await clientCertificates(httpClientCertificatesFile),
    }),
  }
}

/** `[{ "host": "*.example.dk", "certificate": "client.pem", "key": "client.key", "passphrase": "…" }]` */
async function clientCertificates(file: string): Promise<ClientCertificate[]> {
  const setting = 'httpClientCertificatesFile'
  const list = parse(await read(setting, file))
  if (!Array.isArray(list))
    throw new SluseError('SLUSE-SETTING', `${setting}: ${file} is not a list as JSON.`)
  const beside = (name: string) => read(setting, resolve(dirname(file), name))
  return Promise.all(
    list.map(async (entry: unknown, index) => {
      const { host, certificate, key, passphrase } = (entry ?? {}) as { [name: string]: unknown }
      if (typeof host !== 'string' || typeof certificate !== 'string' || typeof key !== 'string') {
        throw new SluseError(
          'SLUSE-SETTING',
          `${setting}: entry ${index} of ${file} lacks host, certificate or key.`,
        )
      }
      return {
        host,
        certificate: await beside(certificate),
        key: await beside(key),
        ...(typeof passphrase === 'string' && { passphrase }),
      }
    }),
  )
}

/** `undefined` for what is no JSON: its error would repeat the text, which may hold a passphrase. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function read(setting: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new SluseError('SLUSE-SETTING', `${setting}: ${file} cannot be read (${code}).`)
  }
}
