import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Hash32, InstanceId } from '#core/ids'
import type { JsonValue } from '#core/json'
import type { Requirements } from '#core/manifest'

/** JSON with sorted keys and no spaces (RFC 8785 for the values we use): one text for one value. */
export const canonicalJson = (value: JsonValue): string => {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const parts: string[] = []
  for (const key of Object.keys(value).sort()) {
    const entry = value[key]
    if (entry !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(entry)}`)
  }
  return `{${parts.join(',')}}`
}

const isArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value)

export const keccakText = (text: string): Hash32 =>
  `0x${bytesToHex(keccak_256(utf8ToBytes(text)))}` as Hash32

/** What `Terms.manifest` commits to. */
export const requirementsHash = (requirements: Requirements): Hash32 =>
  keccakText(`artel/requirements/1:${canonicalJson(requirements)}`)

/** The id of a service's instance on chain. */
export const instanceIdOf = (service: string, index: number): InstanceId =>
  keccakText(`artel/instance/1:${service}/${index}`)
