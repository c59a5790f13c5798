import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { fault } from '../workflow/index.ts'
import { specialAddresses } from './special-addresses.ts'

export interface TargetRules {
  /** Throws an `authorization` fault where this host may not be called, as far as its name tells. */
  check(url: URL): void
  /** Name service for connections: gives only addresses that may be called, so that no rebinding gets past. */
  readonly lookup: LookupFunction
  /** As `lookup`, for a call through a proxy, which resolves the name itself: best effort beforehand. */
  checkAddresses(url: URL): Promise<void>
}

export interface TargetRuleSettings {
  readonly allowedHosts?: readonly string[]
  readonly deniedHosts?: readonly string[]
  readonly denyPrivateAddresses?: boolean
}

/** Which systems may be called (the guard against server-side request forgery). Without settings: all. */
export function targetRules(settings: TargetRuleSettings, resolve = systemLookup): TargetRules {
  const allowed = settings.allowedHosts && hostList(settings.allowedHosts)
  const denied = hostList(settings.deniedHosts ?? [])
  const special = settings.denyPrivateAddresses ? specialAddresses() : undefined

  const nameAllowed = (host: string) => !allowed || allowed.hasName(host)
  const nameVerdict = (host: string): string | undefined => {
    if (denied.hasName(host)) return 'it is among the denied hosts'
    if (!nameAllowed(host) && !allowed?.hasRanges) return 'it is not among the allowed hosts'
    return undefined
  }
  const addressVerdict = (address: string, host: string): string | undefined => {
    if (denied.hasAddress(address)) return 'its address is among the denied ones'
    const listed = allowed?.hasAddress(address) ?? false
    if (!listed && !nameAllowed(host)) return 'it is not among the allowed hosts'
    // An address that is allowed outright may be private; a name that is allowed may not lead to one.
    if (!listed && special?.has(address)) return 'its address is private or special'
    return undefined
  }
  const usable = (host: string, found: readonly LookupAddress[]) => {
    const verdicts = found.map(({ address }) => addressVerdict(address, host))
    const left = found.filter((_, index) => verdicts[index] === undefined)
    if (left.length === 0 && found.length > 0) throw denial(host, verdicts.find(Boolean) ?? '')
    return left
  }

  return {
    check(url) {
      const host = hostOf(url)
      const verdict = isIP(host) ? addressVerdict(host, host) : undefined
      const refused = verdict ?? nameVerdict(host)
      if (refused) throw denial(host, refused)
    },

    lookup(hostname, options, callback) {
      resolve(hostname, { ...options, all: true }, (error, found) => {
        if (error) return callback(error, '', 0)
        try {
          const left = usable(hostname.toLowerCase().replace(/\.$/, ''), found)
          if (options.all) return callback(null, left)
          const first = left[0]
          callback(null, first?.address ?? '', first?.family ?? 0)
        } catch (refusal) {
          callback(refusal as Error, '', 0)
        }
      })
    },

    async checkAddresses(url) {
      const host = hostOf(url)
      if (isIP(host) || (!special && !denied.hasRanges && !allowed?.hasRanges)) return
      const found = await new Promise<readonly LookupAddress[]>((done) => {
        // Behind a proxy the name may well be unknown here: then the proxy decides.
        resolve(host, { all: true }, (error, addresses) => done(error ? [] : addresses))
      })
      usable(host, found)
    },
  }
}

const denial = (host: string, why: string) =>
  fault('authorization', `This server may not call ${host}: ${why}.`, { host })

/** The host as a name or bare address: no brackets, no trailing dot, lower case. */
const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** Patterns of `allowedHosts`: a name, `*.example.dk` (any depth below), an address, a range in CIDR form. */
function hostList(patterns: readonly string[]) {
  const names = new Set<string>()
  const suffixes: string[] = []
  const ranges = new BlockList()
  let hasRanges = false
  for (const pattern of patterns.map((text) => text.trim().toLowerCase().replace(/\.$/, ''))) {
    const [, address = pattern, prefix] = /^\[?([0-9a-f:.]+)\]?(?:\/(\d+))?$/.exec(pattern) ?? []
    const version = isIP(address)
    if (version) {
      ranges.addSubnet(address, Number(prefix ?? (version === 4 ? 32 : 128)), version === 4 ? 'ipv4' : 'ipv6')
      hasRanges = true
    } else if (pattern.startsWith('*.')) suffixes.push(pattern.slice(1))
    else names.add(pattern)
  }
  return {
    hasRanges,
    hasName: (host: string) => names.has(host) || suffixes.some((suffix) => host.endsWith(suffix)),
    hasAddress: (address: string) => ranges.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6'),
  }
}
