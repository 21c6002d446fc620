import type { AppliedCall } from '#adapters/memory/chain-state'
import { ArtelError } from '#core/errors'
import { type Address, type Hash32, parseAddress, parseHash32, zeroHash } from '#core/ids'
import type { LeaseSigning, LeasesCall, LeasesState } from '#core/leases-state'
import { rate, tokenAmount } from '#core/money'
import { PersistentMap } from '#core/persistent-map'
import type { Terms } from '#core/terms'
import { leaseIdOf } from '#protocol/eip712-leases'
import type { Apply } from '../plants/contract-plants.ts'

const known = <T>(value: T | undefined): T => {
  if (value === undefined) throw new ArtelError('internal', 'the story has a bad constant')
  return value
}
const account = (digit: string): Address => known(parseAddress(`0x${digit.repeat(40)}`))
const hash = (digit: string): Hash32 => known(parseHash32(`0x${digit.repeat(64)}`))

export const tenant = account('a')
export const host = account('b')
const bystander = account('c')

/** Signatures are the signer's name: the checkers look at money, not at curves. */
const signing: LeaseSigning = {
  leaseIdOf,
  observersOf: () => zeroHash,
  signerOf: (_message, signature) => parseAddress(signature),
  accepts: () => false,
}

const firstTerms: Terms = {
  tenant,
  host,
  signer: tenant,
  deployment: hash('1'),
  instance: hash('2'),
  epoch: 1,
  previous: zeroHash,
  manifest: hash('3'),
  observers: zeroHash,
  rate: rate(1_000_000_000n),
  extraMax: tokenAmount(50n),
  bond: tokenAmount(500n),
  quitFee: tokenAmount(100n),
  reportFee: tokenAmount(10n),
  committed: 100_000,
  bidExpiry: 100_000,
  minimum: 60,
  silence: 60,
  window: 600,
  answerIn: 1200,
}

const emptyState: LeasesState = {
  balances: new PersistentMap(),
  operators: new PersistentMap(),
  delegations: new PersistentMap(),
  leases: new PersistentMap(),
  current: new PersistentMap(),
}

type Step = readonly [atSeconds: number, sender: Address, call: LeasesCall]

/** Two leases of one instance, the second superseding the first, and a third that is reported. */
const steps = (): readonly Step[] => {
  const first = firstTerms
  const second: Terms = { ...first, epoch: 2, previous: leaseIdOf(first) }
  const third: Terms = { ...first, instance: hash('4') }
  const deposit = tokenAmount(4000n)
  const open = (terms: Terms): LeasesCall => ({ kind: 'open', terms, deposit, signature: host })
  const put = (amount: bigint): LeasesCall => ({ kind: 'deposit', amount: tokenAmount(amount) })
  const claim = (terms: Terms, until: number): LeasesCall => ({
    kind: 'claim',
    terms,
    until,
    extra: tokenAmount(5n),
    signature: tenant,
  })
  return [
    [0, tenant, put(100_000n)],
    [0, host, put(10_000n)],
    [0, bystander, put(7n)],
    [10, tenant, open(first)],
    [200, host, claim(first, 150)],
    [300, tenant, open(second)],
    [310, host, claim(first, 300)],
    [320, host, { kind: 'settle', terms: first }],
    [400, host, claim(second, 390)],
    [900, tenant, { kind: 'close', terms: second }],
    [1000, tenant, open(third)],
    [2000, tenant, { kind: 'report', terms: third }],
    [4000, tenant, { kind: 'resolve', terms: third }],
    [4100, host, { kind: 'withdraw', to: host, amount: tokenAmount(100n) }],
  ]
}

/** A short life of the contract, every call of which it accepts: what checkers are tried on. */
export const contractStory = (apply: Apply): readonly AppliedCall[] => {
  let state = emptyState
  return steps().map(([nowSeconds, sender, call]) => {
    const env = { sender, nowSeconds, blockNumber: nowSeconds }
    const applied = apply(state, call, env, signing)
    if (!applied.ok) {
      throw new ArtelError('internal', `${call.kind} at ${nowSeconds}: ${applied.refusal}`)
    }
    const before = state
    state = applied.state
    return { before, after: state, call, env, events: applied.events }
  })
}
