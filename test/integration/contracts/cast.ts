import type { Address, DeploymentId, Hash32 } from '#core/ids'
import { parseAddress, parseHash32, zeroHash } from '#core/ids'
import type { LeasesCall } from '#core/leases-state'
import { rate, tokenAmount } from '#core/money'

/** Who takes part in a play. */
export type Cast = {
  readonly tenants: readonly [Address, Address]
  readonly hosts: readonly [Address, Address]
  readonly signer: Address
  readonly operator: Address
  readonly delegate: Address
  readonly outsider: Address
  /** Sorted. */
  readonly observers: readonly [Address, Address, Address]
}

export const castOf = (accounts: readonly Address[]): Cast => {
  const [a, b, c, d, e, f, g, h, i, j, k] = accounts
  if (!(a && b && c && d && e && f && g && h && i && j && k))
    throw new Error('a cast has 11 accounts')
  const [o1 = i, o2 = j, o3 = k] = [i, j, k].sort()
  return {
    tenants: [a, b],
    hosts: [c, d],
    signer: e,
    operator: f,
    delegate: g,
    outsider: h,
    observers: [o1, o2, o3],
  }
}

export const castMembers = (cast: Cast): readonly Address[] => [
  ...cast.tenants,
  ...cast.hosts,
  cast.signer,
  cast.operator,
  cast.delegate,
  cast.outsider,
  ...cast.observers,
]

/** A call and who makes it. */
export type Played = { readonly sender: Address; readonly call: LeasesCall }

export const pick = <T>(choices: readonly [T, ...T[]], dice: number): T =>
  choices[dice % choices.length] ?? choices[0]

export const label = (text: string): Hash32 =>
  parseHash32(`0x${text.padStart(64, '0')}`) ?? zeroHash
export const deploymentOf = (dice: number): DeploymentId => label(pick(['d1', 'd2'], dice))
/** Calls that fill the vault and name operator and delegate, so that plays start with money. */
export const openingCalls = (
  cast: Cast,
  endowment: bigint,
  nowSeconds: number,
): readonly Played[] => {
  const deposits = castMembers(cast).map((sender) => ({
    sender,
    call: { kind: 'deposit', amount: tokenAmount(endowment) } as const,
  }))
  const operators = cast.hosts.slice(0, 1).map((sender) => ({
    sender,
    call: { kind: 'setOperator', key: cast.operator, allowed: true } as const,
  }))
  const limits = {
    cap: tokenAmount(3_000n),
    maxRate: rate(7_000_000_000n),
    cooldown: 30,
    expiry: nowSeconds + 100_000,
  }
  const delegates = cast.tenants.flatMap((sender) =>
    [0, 1].map((dice) => ({
      sender,
      call: {
        kind: 'authorize',
        delegate: cast.delegate,
        deployment: deploymentOf(dice),
        limits,
      } as const,
    })),
  )
  return [...deposits, ...operators, ...delegates]
}

export const accountNumber = (index: number): Address => {
  const address = parseAddress(`0x${(index + 1).toString(16).padStart(40, '0')}`)
  if (address === undefined) throw new Error(`${index} makes no address`)
  return address
}
