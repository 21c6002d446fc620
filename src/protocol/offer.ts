import { z } from 'zod'
import type { Hash32 } from '#core/ids'
import type { Offer, OfferFilter, SignedOffer } from '#core/offer'
import type { Signer } from '#ports/signer'
import { canonicalJson, keccakText } from './canonical.ts'
import {
  addressText,
  amountText,
  bytesCount,
  milliseconds,
  peerIdText,
  rateText,
  resourcesSchema,
  seconds,
  signatureText,
} from './codecs.ts'
import { recoverAddress } from './eip712.ts'
import { addressOfPeer } from './keys.ts'

/** The JSON of a signed offer, in a topic's message or on a page. */
export const offerBytesMax = 8 * 1024

const name = z.string().max(128)
export const regionText = z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected a region like eu-de')
const isolation = z.enum(['container', 'gvisor'])
const network = z.enum(['egress', 'none'])
const archText = z.string().regex(/^[a-z0-9_/-]{1,32}$/)
const feature = z.string().regex(/^[a-z0-9-]{1,64}$/)

const offerSchema: z.ZodType<Offer> = z.strictObject({
  version: z.literal(1),
  host: addressText,
  operator: addressText,
  peer: peerIdText,
  addresses: z.array(z.string().max(256)).max(16).readonly(),
  sequence: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  expiresAtMs: milliseconds,
  resources: resourcesSchema,
  machine: z.strictObject({
    arch: archText,
    os: name,
    cpuModel: name,
    cpuScore: z.number().nonnegative().max(1e9),
    gpus: z
      .array(z.strictObject({ name, memoryBytes: bytesCount }))
      .max(16)
      .readonly(),
  }),
  place: z.strictObject({ region: regionText }),
  isolation: z.array(isolation).max(4).readonly(),
  network: z.array(network).max(4).readonly(),
  price: z.strictObject({
    base: rateText,
    perCpu: rateText,
    perMemoryGib: rateText,
    perDiskGib: rateText,
    perGpu: rateText,
  }),
  terms: z.strictObject({
    bondMax: amountText,
    quitFee: amountText,
    minimumSeconds: seconds,
    leaseSecondsMax: seconds,
  }),
  chain: z.strictObject({ chainId: z.number().int().positive(), leases: addressText }),
  freeLeases: z.number().int().nonnegative().max(1_000_000),
  features: z.array(feature).max(32).readonly(),
})

export const signedOfferSchema: z.ZodType<SignedOffer> = z.strictObject({
  offer: offerSchema,
  signature: signatureText,
})

export const offerFilterSchema: z.ZodType<OfferFilter> = z.strictObject({
  chainId: z.number().int().positive(),
  leases: addressText,
  regions: z.array(regionText).max(32).readonly(),
  archs: z.array(archText).max(8).readonly(),
  resources: resourcesSchema,
  isolation: isolation.exactOptional(),
  network: network.exactOptional(),
  rateMax: rateText.exactOptional(),
  features: z.array(feature).max(32).readonly(),
})

const jsonSchema = z.json()

/** What the operator signs: keccak256 of a tag and the offer's canonical JSON. */
const offerDigest = (offer: Offer): Hash32 =>
  keccakText(`artel/offer/1:${canonicalJson(jsonSchema.parse(offerSchema.encode(offer)))}`)

export const signOffer = (offer: Offer, signer: Signer): SignedOffer => ({
  offer,
  signature: signer.sign(offerDigest(offer)),
})

/**
 * Whether the operator signed the offer and the peer id is the operator's key. That `host` allows the operator
 * is for the chain to say. Costs about two milliseconds.
 */
export const isGenuineOffer = ({ offer, signature }: SignedOffer): boolean =>
  addressOfPeer(offer.peer) === offer.operator &&
  recoverAddress(offerDigest(offer), signature) === offer.operator

export const encodeOffer = (signed: SignedOffer): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(signedOfferSchema.encode(signed)))

/** The offer that the bytes spell, its signature not checked, or undefined when they spell none. */
export const decodeOffer = (bytes: Uint8Array): SignedOffer | undefined => {
  if (bytes.length > offerBytesMax) return undefined
  try {
    const parsed = signedOfferSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined // JSON.parse throws on text that is no JSON and on nothing else
  }
}
