import type { Address } from './ids.ts'
import type { ImageReference, Isolation, NetworkPolicy, Requirements } from './manifest.ts'
import type { TokenAmount } from './money.ts'

/** What the owner of a host wants, whatever a tenant offers. */
export type OwnerRules = {
  readonly paused: boolean
  readonly leasesMax: number
  /** What the host stakes on every lease, and loses when it does not answer a report. */
  readonly bond: TokenAmount
  /** What the tenant gets when the host quits before `committed`; at most the bond. */
  readonly quitFee: TokenAmount
  readonly reportFee: TokenAmount
  readonly minimumSeconds: number
  readonly silenceSeconds: number
  readonly windowSeconds: number
  readonly answerInSeconds: number
  /** The longest that the host commits itself for. */
  readonly leaseSecondsMax: number
  /** Empty = everybody. */
  readonly tenantsAllowed: readonly Address[]
  readonly tenantsDenied: readonly Address[]
  /** Digests, or references where `*` stands for any characters. */
  readonly imagesDenied: readonly string[]
}

export const defaultRules = {
  paused: false,
  leasesMax: 16,
  minimumSeconds: 1,
  silenceSeconds: 60,
  windowSeconds: 3600,
  answerInSeconds: 7200,
  leaseSecondsMax: 7 * 24 * 3600,
  tenantsAllowed: [],
  tenantsDenied: [],
  imagesDenied: [],
} as const satisfies Partial<OwnerRules>

/** What this machine can do for an instance at all. */
export type HostAbilities = {
  readonly isolation: readonly Isolation[]
  readonly network: readonly NetworkPolicy[]
}

export type RuleRequest = {
  readonly tenant: Address
  readonly requirements: Requirements
  readonly image?: ImageReference
}

const matches = (pattern: string, text: string): boolean => {
  const parts = pattern.split('*')
  const head = parts[0] ?? ''
  if (parts.length === 1) return pattern === text
  if (!text.startsWith(head)) return false
  let at = head.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  const tail = parts.at(-1) ?? ''
  return text.length - at >= tail.length && text.endsWith(tail)
}

/** Whether the owner wants nothing to do with the image. */
export const deniesImage = (
  rules: Pick<OwnerRules, 'imagesDenied'>,
  image: ImageReference,
): boolean =>
  rules.imagesDenied.some(
    (pattern) => matches(pattern, image.reference) || pattern === image.digest,
  )

/** Why the owner's rules or the machine forbid the request, or undefined when they do not. */
export const refuse = (
  rules: OwnerRules,
  abilities: HostAbilities,
  request: RuleRequest,
): string | undefined => {
  const { tenant, requirements, image } = request
  if (rules.paused) return 'this host takes no new leases at the moment'
  if (rules.tenantsDenied.includes(tenant)) return 'this host does not serve this tenant'
  if (rules.tenantsAllowed.length > 0 && !rules.tenantsAllowed.includes(tenant)) {
    return 'this host serves only tenants that its owner named'
  }
  if (!abilities.isolation.includes(requirements.isolation)) {
    return `this host has no isolation '${requirements.isolation}'`
  }
  if (!abilities.network.includes(requirements.network)) {
    return `this host offers no network '${requirements.network}'`
  }
  const { cpuMilli, memoryBytes } = requirements.resources
  if (cpuMilli < 1) return 'an instance needs some of a processor'
  if (memoryBytes < instanceMemoryBytesMin) return 'an instance needs at least 6 MiB of memory'
  if (image !== undefined && deniesImage(rules, image)) {
    return `this host does not run the image ${image.reference}`
  }
  return undefined
}

/** The least memory with which container engines start anything. */
export const instanceMemoryBytesMin = 6 * 1024 * 1024
