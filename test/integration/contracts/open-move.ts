import type { Address, InstanceId, Signature } from '#core/ids'
import { zeroHash } from '#core/ids'
import { keyOf } from '#core/lease-vault'
import type { LeaseSigning, LeasesCall, LeasesState, SignedMessage } from '#core/leases-state'
import { costOf, rate, tokenAmount } from '#core/money'
import type { Terms } from '#core/terms'
import { type Cast, deploymentOf, label, type Played, pick } from './cast.ts'

/** One move of a play before it knows the state that it meets: dice for every choice. */
export type Move = {
  readonly verb: LeasesCall['kind']
  readonly who: number
  readonly lease: number
  readonly dice: readonly number[]
  readonly waitSeconds: number
  readonly blocks: number
  /** Below 50: the move comes when something about its lease changes, or a second beside. */
  readonly aim: number
}

/** What a move meets. */
export type Stage = {
  readonly state: LeasesState
  /** Terms of every lease so far, oldest first. */
  readonly deals: readonly Terms[]
  readonly nowSeconds: number
}

export type Props = {
  readonly cast: Cast
  readonly signing: LeaseSigning
  readonly sign: (by: Address, message: SignedMessage) => Signature
}

export type Scene = Stage &
  Props & { readonly move: Move; readonly dice: (index: number) => number }

const instanceOf = (dice: number): InstanceId => label(pick(['a1', 'a2'], dice))

export const quorum = 2

const cleanTerms = ({ cast, dice, state, nowSeconds, signing }: Scene): Terms => {
  const tenant = pick(cast.tenants, dice(0))
  const deployment = deploymentOf(dice(1))
  const instance = instanceOf(dice(1) >> 1)
  const previous = state.current.get(keyOf({ tenant, deployment, instance })) ?? zeroHash
  const bond = pick([0n, 40n, 60n], dice(2))
  return {
    tenant,
    host: pick(cast.hosts, dice(3)),
    signer: cast.signer,
    deployment,
    instance,
    epoch: (state.leases.get(previous)?.terms.epoch ?? 0) + 1,
    previous,
    manifest: label('ff'),
    observers: dice(4) % 3 === 0 ? zeroHash : signing.observersOf(quorum, cast.observers),
    rate: rate(pick([1_000_000_000n, 333_333_333n, 7_000_000_001n, 0n], dice(5))),
    extraMax: tokenAmount(pick([0n, 25n], dice(6))),
    bond: tokenAmount(bond),
    quitFee: tokenAmount(dice(7) % 2 === 0 ? 0n : bond / 2n),
    reportFee: tokenAmount(pick([0n, 3n], dice(7) >> 1)),
    committed: nowSeconds + pick([30, 1, 100], dice(8)),
    bidExpiry: nowSeconds + 10,
    minimum: pick([0, 15], dice(9)),
    silence: pick([0, 4], dice(9) >> 1),
    window: pick([0, 10, 30], dice(10)),
    answerIn: pick([0, 5, 20], dice(10) >> 1),
  }
}

const twisted = (terms: Terms, scene: Scene): Terms => {
  switch (scene.dice(11)) {
    case 0:
      return { ...terms, epoch: terms.epoch + 1 }
    case 1:
      return { ...terms, previous: label('bad') }
    case 2:
      return { ...terms, bidExpiry: scene.nowSeconds - 1 }
    case 3:
      return { ...terms, quitFee: tokenAmount(terms.bond + 1n) }
    case 4:
      return { ...terms, bond: tokenAmount(2n ** 96n) }
    case 5:
      return { ...terms, rate: rate(0n), committed: scene.nowSeconds }
    case 6:
      return { ...terms, epoch: 2 ** 32 }
    case 7:
      return { ...terms, minimum: 2 ** 32 - 1 }
    default:
      return terms
  }
}

/** Bids mostly in order, at times twisted, and who opens them. */
export const openMove = (scene: Scene): Played => {
  const { cast, dice, sign } = scene
  const terms = twisted(cleanTerms(scene), scene)
  const by = pick([terms.host, terms.host, terms.host, cast.operator, cast.outsider], dice(11))
  const least =
    terms.extraMax + costOf(terms.rate, terms.minimum === 2 ** 32 - 1 ? 9 : terms.minimum)
  const deposit = tokenAmount(least + BigInt(dice(2)) * 2n)
  const sender = pick([terms.tenant, terms.tenant, cast.delegate, cast.outsider], scene.move.who)
  return {
    sender,
    call: { kind: 'open', terms, deposit, signature: sign(by, { kind: 'terms', terms }) },
  }
}
