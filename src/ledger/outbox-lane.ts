import { ArtelError } from '#core/errors'
import { createSerial } from '#core/serial'
import type { Chain, SignedTransaction } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { Signer } from '#ports/signer'
import type { Entry, OutboxStore } from './outbox-entry.ts'
import { createNonces, type Nonces } from './outbox-nonces.ts'
import { refusalError } from './refusal.ts'

type Parts = {
  readonly chain: Chain
  readonly clock: Clock
  readonly log: Log
  readonly signer: Signer
  readonly store: OutboxStore
  /** Signed transactions that are not included yet, any order. */
  readonly underway: () => readonly Entry[]
  /** Resolves when one of them has ended, or after a while. */
  readonly progress: (signal: AbortSignal) => Promise<void>
}

export type Placed = Entry & Required<Pick<Entry, 'signed'>>

/** The one place where transactions get their nonce, are signed, written down and then broadcast. */
export type Lane = {
  /**
   * Throws 'reverted' or 'balance' (the call would be refused), 'gas', 'unavailable'; then nothing was sent
   * and the entry is unsigned. `withdrawn` ends the wait for a place; once signed only `lifetime` counts.
   */
  readonly place: (entry: Entry, withdrawn: AbortSignal, lifetime: AbortSignal) => Promise<Placed>
  /** Offers more for the nonce of a transaction; returns it unchanged when the chain does not take it. */
  readonly replace: (entry: Placed, feeFactor: number, signal: AbortSignal) => Promise<Placed>
  /** Sends empty transactions for nonces below `lowest` that nothing of ours holds: later ones wait for them. */
  readonly fillGap: (lowest: number, signal: AbortSignal) => Promise<void>
}

const gasMarginPercent = 130n
/** How often another nonce is tried when somebody else took the one before. */
const noncesTriedMax = 16
const underwayMax = 16
const gapMax = 16
const transferGas = 21_000n
/**
 * What the call needs, or undefined while it cannot be told: too much is underway, or a call that went before
 * (of `earlier`, by key), such as an approval, may yet make this one possible. Throws the contract's refusal.
 */
const gasFor = async (
  { chain, signer, underway }: Parts,
  entry: Entry,
  earlier: Set<string>,
  signal: AbortSignal,
): Promise<bigint | undefined> => {
  const before = underway()
  if (before.length >= underwayMax) return undefined
  const outlook = await chain.outlook(entry.call, signer.address, signal)
  if (outlook.ok) return (outlook.gas * gasMarginPercent) / 100n
  if (earlier.size === 0) for (const { key } of before) earlier.add(key)
  if (before.some(({ key }) => earlier.has(key))) return undefined
  throw refusalError(entry.call.kind, outlook.refusal)
}

/** True when the chain has it or may have it; false when the nonce is somebody else's. */
const send = async (
  { chain, log }: Parts,
  signed: SignedTransaction,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    await chain.broadcast(signed, signal)
    return true
  } catch (error) {
    if (!(error instanceof ArtelError) || error.code === 'gas') throw error
    if (error.code === 'conflict' || error.code === 'busy') return false
    log.warn('broadcast is uncertain', { transaction: signed.hash, reason: error.message })
    return true
  }
}

const signAndSend = async (
  parts: Parts,
  nonces: Nonces,
  entry: Entry,
  gas: bigint,
  signal: AbortSignal,
): Promise<Placed> => {
  const { chain, log, store } = parts
  for (let tried = 0; tried < noncesTriedMax; tried += 1) {
    const nonce = await nonces.next(signal)
    const signed = await chain.sign(entry.call, { nonce, gas, feeFactor: 1 }, signal)
    const attempt = { hash: signed.hash, raw: signed.raw, feeFactor: 1 }
    const placed: Placed = { ...entry, signed: { nonce, gas, attempts: [attempt] } }
    store.put(placed)
    const sent = await send(parts, signed, signal)
    nonces.used(nonce)
    if (sent) return placed
    log.warn('nonce is taken, trying the next', { nonce, key: entry.key })
  }
  throw new ArtelError('conflict', 'another program sends transactions with the same key', {
    hint: 'Give every node an account of its own.',
  })
}

const raise = async (
  parts: Parts,
  entry: Placed,
  feeFactor: number,
  signal: AbortSignal,
): Promise<Placed> => {
  const { nonce, gas, attempts } = entry.signed
  const signed = await parts.chain.sign(entry.call, { nonce, gas, feeFactor }, signal)
  if (attempts.some((attempt) => attempt.hash === signed.hash)) return entry
  const [first, ...others] = attempts
  const attempt = { hash: signed.hash, raw: signed.raw, feeFactor }
  const raised: Placed = {
    ...entry,
    signed: { nonce, gas, attempts: [first, ...others, attempt] },
  }
  parts.store.put(raised)
  const sent = await send(parts, signed, signal)
  parts.log.info('offered a higher fee', { key: entry.key, nonce, feeFactor, sent })
  return raised
}

const fill = async (parts: Parts, lowest: number, signal: AbortSignal): Promise<void> => {
  const { chain, log, signer } = parts
  const included = await chain.nonce(signer.address, signal)
  const call = { kind: 'transferGas', to: signer.address, wei: 0n } as const
  for (let nonce = included; nonce < lowest && nonce < included + gapMax; nonce += 1) {
    log.warn('filling a gap of nonces', { nonce })
    const options = { nonce, gas: transferGas, feeFactor: 1 }
    await send(parts, await chain.sign(call, options, signal), signal)
  }
}

export const createLane = (parts: Parts): Lane => {
  const serial = createSerial()
  const nonces = createNonces(parts)
  return {
    place: async (entry, withdrawn, lifetime) => {
      const earlier = new Set<string>()
      for (;;) {
        const placed = await serial(async () => {
          withdrawn.throwIfAborted()
          const gas = await gasFor(parts, entry, earlier, withdrawn)
          if (gas === undefined) return undefined
          try {
            return await signAndSend(parts, nonces, entry, gas, lifetime)
          } catch (error) {
            // Nothing of it is on its way, unless this life ended: then the next one resumes what is written.
            if (!lifetime.aborted) parts.store.put(entry)
            throw error
          }
        })
        if (placed !== undefined) return placed
        // Not in the lane: what is underway may need it for a higher fee before it can end.
        await parts.progress(withdrawn)
      }
    },
    replace: (entry, feeFactor, signal) => serial(() => raise(parts, entry, feeFactor, signal)),
    fillGap: (lowest, signal) => serial(() => fill(parts, lowest, signal)),
  }
}
