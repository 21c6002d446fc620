import { type Signature, zeroHash } from '#core/ids'
import type { LeasesCall } from '#core/leases-state'
import { rate, tokenAmount } from '#core/money'
import type { Terms } from '#core/terms'
import { deploymentOf, label, type Played } from './cast.ts'
import type { Props } from './open-move.ts'

/** One call of an edge: `at` seconds after the play's start, in a block `blocks` after the last. */
export type EdgeStep = Played & { readonly at: number; readonly blocks: number }
/** What happens about a moment that the rules name; `offset` is the distance from it in seconds or blocks. */
export type Edge = {
  readonly name: string
  readonly steps: (offset: number) => readonly EdgeStep[]
}

const committedAfter = 100
const cooldown = 30
const answerTime = 20
const window = 30

const termsOf = ({ cast, signing }: Props, startSeconds: number): Terms => ({
  tenant: cast.tenants[0],
  host: cast.hosts[0],
  signer: cast.signer,
  deployment: deploymentOf(0),
  instance: label('ed9e'),
  epoch: 1,
  previous: zeroHash,
  manifest: zeroHash,
  observers: signing.observersOf(1, cast.observers),
  rate: rate(1_000_000_000n),
  extraMax: tokenAmount(10n),
  bond: tokenAmount(40n),
  quitFee: tokenAmount(20n),
  reportFee: tokenAmount(3n),
  committed: startSeconds + committedAfter,
  bidExpiry: startSeconds + 200,
  minimum: 15,
  silence: 4,
  window,
  answerIn: answerTime,
})

/** Every moment at which the contract changes its mind, approached from both sides. */
export const edgesOf = (props: Props, startSeconds: number): readonly Edge[] => {
  const { cast, sign } = props
  const [tenant] = cast.tenants
  const [host] = cast.hosts
  const terms = termsOf(props, startSeconds)
  const id = props.signing.leaseIdOf(terms)
  const step = (at: number, sender: Played['sender'], call: LeasesCall, blocks = 1): EdgeStep => ({
    at,
    sender,
    call,
    blocks,
  })
  const openOf = (made: Terms, seconds: number): LeasesCall => ({
    kind: 'open',
    terms: made,
    deposit: tokenAmount(BigInt(seconds) + made.extraMax),
    signature: sign(made.host, { kind: 'terms', terms: made }),
  })
  const claim = (until: number): LeasesCall => {
    const receipt = { lease: id, until: startSeconds + until, extra: tokenAmount(4n) }
    const signature = sign(cast.signer, { kind: 'receipt', receipt })
    return { kind: 'claim', terms, until: receipt.until, extra: receipt.extra, signature }
  }
  const absent = (from: number): LeasesCall => {
    const message = { kind: 'absence', absence: { lease: id, from: startSeconds + from } } as const
    const signatures: Signature[] = cast.observers.map((observer) => sign(observer, message))
    const { observers } = cast
    return {
      kind: 'resolveAbsent',
      terms,
      from: startSeconds + from,
      quorum: 1,
      observers,
      signatures,
    }
  }
  const answer: LeasesCall = { kind: 'answer', terms, signature: '0x' }
  const verb = (
    kind: 'close' | 'quit' | 'report' | 'resolve' | 'settle' | 'claimSilent',
  ): LeasesCall => ({
    kind,
    terms,
  })
  const begin = (seconds = 200) => step(0, tenant, openOf(terms, seconds))
  const reported = [begin(), step(10, tenant, verb('report'))]
  const next = { ...terms, previous: id, epoch: 2 }
  const brief = (change: Partial<Terms>): LeasesCall => openOf({ ...terms, ...change }, 200)
  return [
    {
      name: 'the seconds of an answer',
      steps: (o) => [
        ...reported,
        step(30 + o, host, answer, 40),
        step(30 + o, host, verb('resolve')),
      ],
    },
    {
      name: 'the blocks of an answer',
      steps: (o) => [...reported, step(90, host, answer, 30 + o), step(90, host, verb('resolve'))],
    },
    {
      name: 'a receipt about a report',
      steps: (o) => [...reported, step(12, host, claim(10 + o))],
    },
    {
      name: 'a quit about the commitment',
      steps: (o) => [begin(), step(committedAfter + o, host, verb('quit'))],
    },
    {
      name: 'a quit about exhaustion',
      steps: (o) => [begin(50), step(50 + o, host, verb('quit'))],
    },
    {
      name: 'a report answered by quitting',
      steps: (o) => [
        ...reported,
        step(12 + o, host, verb('quit')),
        step(20, tenant, verb('close')),
      ],
    },
    {
      name: 'a close about the minimum',
      steps: (o) => [begin(), step(15 + o, tenant, verb('close'))],
    },
    {
      name: 'a close after a quit within the minimum',
      steps: (o) => [begin(), step(5, host, verb('quit')), step(7 + o, tenant, verb('close'))],
    },
    {
      name: 'a close after a supersede within the minimum',
      steps: (o) => [
        begin(),
        step(5, tenant, openOf(next, 20)),
        step(15 + o, tenant, verb('close')),
      ],
    },
    {
      name: 'a settlement about the window',
      steps: (o) => [begin(50), step(50 + window + o, host, verb('settle'))],
    },
    {
      name: 'a settlement after a receipt about the end',
      steps: (o) => [begin(50), step(60, host, claim(50 + o)), step(61, host, verb('settle'))],
    },
    {
      name: 'a report about the silence',
      steps: (o) => [begin(), step(20, host, claim(20)), step(24 + o, tenant, verb('report'))],
    },
    {
      name: 'a report about the due tail',
      steps: (o) => [begin(50), step(50 + window + o, tenant, verb('report'))],
    },
    {
      name: 'a silent claim about the window',
      steps: (o) => [begin(), step(window + o, host, verb('claimSilent'))],
    },
    {
      name: 'a top-up about exhaustion',
      steps: (o) => [
        begin(50),
        step(50 + o, cast.outsider, { kind: 'topUp', terms, amount: tokenAmount(5n) }),
      ],
    },
    {
      name: 'an absence about the beginning',
      steps: (o) => [begin(), step(20, cast.outsider, absent(o))],
    },
    {
      name: 'an absence about the end',
      steps: (o) => [begin(50), step(60, cast.outsider, absent(50 + o))],
    },
    {
      name: 'a bid about its expiry',
      steps: (o) => [step(0, tenant, brief({ bidExpiry: startSeconds - o }))],
    },
    {
      name: 'a free lease about its commitment',
      steps: (o) => [step(0, tenant, brief({ rate: rate(0n), committed: startSeconds + o }))],
    },
    {
      name: 'a quit fee about the bond',
      steps: (o) => [step(0, tenant, brief({ quitFee: tokenAmount(BigInt(40 + o)) }))],
    },
    { name: 'a deposit about the minimum', steps: (o) => [step(0, tenant, openOf(terms, 15 + o))] },
    {
      name: 'a delegate about its cooldown',
      steps: (o) => [
        step(0, cast.delegate, openOf(terms, 50)),
        step(cooldown + o, cast.delegate, openOf(next, 50)),
      ],
    },
    {
      name: 'a delegate about its rate',
      steps: (o) => [
        step(0, cast.delegate, openOf({ ...terms, rate: rate(7_000_000_000n + BigInt(o)) }, 200)),
      ],
    },
    {
      name: 'a delegate about its cap',
      steps: (o) => [
        step(0, tenant, {
          kind: 'authorize',
          delegate: cast.delegate,
          deployment: terms.deployment,
          limits: {
            cap: tokenAmount(60n),
            maxRate: terms.rate,
            cooldown: 0,
            expiry: startSeconds + 100,
          },
        }),
        step(0, cast.delegate, openOf(terms, 50 + o)),
        step(100 + o, cast.delegate, verb('close')),
      ],
    },
  ]
}
