import fc from 'fast-check'
import { type Address, type Signature, zeroHash } from '#core/ids'
import { endOf, exhausted, type LeaseRecord } from '#core/lease'
import type { ClaimItem, LeasesCall, LeasesState } from '#core/leases-state'
import { rate, tokenAmount } from '#core/money'
import { deploymentOf, type Played, pick } from './cast.ts'
import { type Move, openMove, type Props, quorum, type Scene, type Stage } from './open-move.ts'

const verbs: readonly {
  readonly arbitrary: fc.Arbitrary<LeasesCall['kind']>
  readonly weight: number
}[] = [
  { arbitrary: fc.constant('open'), weight: 10 },
  { arbitrary: fc.constant('claim'), weight: 8 },
  { arbitrary: fc.constant('report'), weight: 8 },
  { arbitrary: fc.constantFrom('answer', 'resolve', 'claimSilent', 'settle'), weight: 16 },
  { arbitrary: fc.constantFrom('close', 'quit', 'topUp', 'resolveAbsent'), weight: 8 },
  { arbitrary: fc.constantFrom('claimBatch', 'settleBatch'), weight: 3 },
  { arbitrary: fc.constantFrom('deposit', 'withdraw', 'setOperator', 'authorize'), weight: 4 },
]

export const move: fc.Arbitrary<Move> = fc.record({
  verb: fc.oneof(...verbs),
  who: fc.nat(99),
  lease: fc.nat(99),
  dice: fc.array(fc.nat(99), { minLength: 12, maxLength: 12 }),
  waitSeconds: fc.constantFrom(1, 1, 2, 5, 10, 20, 60),
  blocks: fc.constantFrom(1, 1, 1, 1, 29, 30),
  aim: fc.nat(99),
})

const claimItem = (scene: Scene, record: LeaseRecord): ClaimItem => {
  const { cast, dice, nowSeconds, sign } = scene
  const end = endOf(record, nowSeconds)
  const until = pick(
    [end, end - 1, record.report?.at ?? record.ack + 3, end - dice(0), end + 1],
    dice(1),
  )
  const extra = tokenAmount(BigInt(pick([0, dice(2), 25, 30], dice(3))))
  const receipt = { lease: record.id, until: Math.max(until, 0), extra }
  const { tenant, host, signer } = record.terms
  const by = pick([signer, signer, signer, tenant, host, cast.delegate], dice(4))
  return {
    terms: record.terms,
    until: receipt.until,
    extra,
    signature: sign(by, { kind: 'receipt', receipt }),
  }
}

const resolveAbsentCall = (scene: Scene, record: LeaseRecord): LeasesCall => {
  const { cast, dice, sign } = scene
  const from = pick([record.opened + dice(0), record.ack + 1, record.opened - 1], dice(1))
  const message = { kind: 'absence', absence: { lease: record.id, from } } as const
  const signs = (observer: Address, index: number): Signature => {
    if ((dice(2) >> index) % 2 === 0) return '0x'
    return sign(dice(3) === 0 ? cast.outsider : observer, message)
  }
  return {
    kind: 'resolveAbsent',
    terms: record.terms,
    from,
    quorum: dice(4) === 0 ? 1 : quorum,
    observers: cast.observers,
    signatures: cast.observers.map(signs),
  }
}

const answerCall = ({ cast, dice, sign }: Scene, record: LeaseRecord): LeasesCall => {
  const reported = (record.report?.at ?? 0) + (dice(0) === 0 ? 1 : 0)
  const by = pick([record.terms.host, cast.operator, cast.outsider], dice(1))
  const message = { kind: 'answer', answer: { lease: record.id, reported } } as const
  return { kind: 'answer', terms: record.terms, signature: sign(by, message) }
}

/** The leases that a batch names: some, possibly one of them twice. */
const several = ({ deals, dice, state, signing }: Scene): readonly LeaseRecord[] =>
  [dice(5), dice(6), dice(7)]
    .map((index) => deals[index % deals.length])
    .map((terms) => (terms === undefined ? undefined : state.leases.get(signing.leaseIdOf(terms))))
    .filter((record) => record !== undefined)

const leaseMove = (scene: Scene, record: LeaseRecord): Played => {
  const { cast, dice, move } = scene
  const { verb, who } = move
  const terms = dice(11) === 0 ? { ...record.terms, manifest: zeroHash } : record.terms
  const party = pick([terms.tenant, terms.tenant, terms.signer, cast.delegate, cast.outsider], who)
  const hostSide = pick([terms.host, terms.host, cast.operator, cast.outsider], who)
  const anyone = pick([cast.outsider, terms.host, terms.tenant, cast.delegate], who)
  switch (verb) {
    case 'claim':
      return { sender: anyone, call: { kind: 'claim', ...claimItem(scene, record) } }
    case 'claimBatch': {
      const items = several(scene).map((item) => claimItem(scene, item))
      return { sender: anyone, call: { kind: 'claimBatch', items } }
    }
    case 'settleBatch':
      return {
        sender: anyone,
        call: { kind: 'settleBatch', items: several(scene).map((item) => item.terms) },
      }
    case 'topUp':
      return {
        sender: anyone,
        call: { kind: 'topUp', terms, amount: tokenAmount(BigInt(dice(0))) },
      }
    case 'close':
    case 'report':
      return { sender: party, call: { kind: verb, terms } }
    case 'quit':
      return { sender: hostSide, call: { kind: 'quit', terms } }
    case 'answer':
      return { sender: hostSide, call: answerCall(scene, record) }
    case 'resolveAbsent':
      return { sender: anyone, call: resolveAbsentCall(scene, record) }
    case 'claimSilent':
    case 'resolve':
    case 'settle':
      return { sender: anyone, call: { kind: verb, terms } }
    default:
      return vaultMove(scene)
  }
}

const vaultMove = ({ cast, dice, move, nowSeconds }: Scene): Played => {
  const sender = pick([...cast.tenants, ...cast.hosts, cast.delegate], move.who)
  const amount = tokenAmount(BigInt(dice(0) * 10))
  switch (move.verb) {
    case 'withdraw':
      return { sender, call: { kind: 'withdraw', to: cast.outsider, amount } }
    case 'setOperator':
      return { sender, call: { kind: 'setOperator', key: cast.operator, allowed: dice(0) % 4 > 0 } }
    case 'authorize': {
      const limits = {
        cap: tokenAmount(BigInt(dice(1) * 20)),
        maxRate: rate(pick([7_000_000_001n, 1_000_000_000n], dice(2))),
        cooldown: pick([0, 10], dice(3)),
        expiry: nowSeconds + pick([100, 10_000, -1], dice(4)),
      }
      const deployment = deploymentOf(dice(5))
      return { sender, call: { kind: 'authorize', delegate: cast.delegate, deployment, limits } }
    }
    default:
      return { sender, call: { kind: 'deposit', amount } }
  }
}

/** The lease that a move is about: recent ones are the lively ones. */
const aimedAt = (move: Move, stage: Stage, props: Props): LeaseRecord | undefined => {
  const terms = stage.deals.at(-1 - (move.lease % Math.min(3, stage.deals.length || 1)))
  return terms === undefined ? undefined : stage.state.leases.get(props.signing.leaseIdOf(terms))
}

/** When `verb` begins or ceases to be possible. */
const turningPoint = (verb: LeasesCall['kind'], lease: LeaseRecord, now: number): number => {
  const { terms, opened, ack } = lease
  switch (verb) {
    case 'answer':
    case 'resolve':
      return (lease.report?.at ?? now) + terms.answerIn
    case 'settle':
    case 'settleBatch':
      return Math.min(lease.ended ?? exhausted(lease), exhausted(lease)) + terms.window
    case 'report':
      return lease.ended === undefined ? ack + terms.silence : lease.ended + terms.window
    case 'close':
      return opened + terms.minimum
    case 'quit':
      return terms.committed
    case 'claimSilent':
      return ack + terms.window
    default:
      return exhausted(lease)
  }
}

/** What follows naturally on a lease's state, for moves that have nothing better to do. */
const fitting = (move: Move, record: LeaseRecord | undefined): Move => {
  if (move.aim % 2 === 0 || record === undefined) return move
  const dice = move.dice[8] ?? 0
  if (record.status === 'reported')
    return { ...move, verb: pick(['answer', 'resolve', 'claim', 'quit'], dice) }
  if (record.status === 'running' && ['resolve', 'answer'].includes(move.verb))
    return { ...move, verb: 'report' }
  if (record.quit) return { ...move, verb: pick(['close', 'settle', 'claim', 'report'], dice) }
  return record.status === 'settled' ? { ...move, verb: 'open' } : move
}

/** When a move is made: after its wait, or about when something changes. */
export const timeOf = (move: Move, stage: Stage, props: Props): number => {
  const waited = stage.nowSeconds + move.waitSeconds
  const lease = aimedAt(move, stage, props)
  if (move.aim >= 50 || lease === undefined) return waited
  const { verb } = fitting(move, lease)
  const point = turningPoint(verb, lease, stage.nowSeconds) - 1 + (move.aim % 3)
  return point > stage.nowSeconds && point < stage.nowSeconds + 500 ? point : waited
}

/** Whom a move lets call what, in the state that it meets; mostly sensible, at times wrong. */
export const playMove = (first: Move, stage: Stage, props: Props): Played => {
  const record = aimedAt(first, stage, props)
  const move = fitting(first, record)
  const dice = (index: number): number => move.dice[index] ?? 0
  const scene: Scene = { ...stage, ...props, move, dice }
  if (move.verb === 'open') return openMove(scene)
  return record === undefined ? vaultMove(scene) : leaseMove(scene, record)
}

/** The stage after a call that was not refused. */
export const afterCall = (stage: Stage, call: LeasesCall, state: LeasesState): Stage => ({
  ...stage,
  state,
  deals: call.kind === 'open' ? [...stage.deals, call.terms] : stage.deals,
})
