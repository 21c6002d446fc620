import { type Abi, decodeErrorResult, toFunctionSelector } from 'viem'
import { z } from 'zod'
import type { Hex } from '#core/ids'
import type { RefusalName } from '#core/leases-state'
import { hostsAbi, leasesAbi, testTokenAbi } from './abi.generated.ts'
import { hexData } from './rpc.ts'

/** Errors of the contracts, and those of ERC-6093 that an ordinary token throws. */
const errorsAbi: Abi = [...leasesAbi, ...hostsAbi, ...testTokenAbi].filter(
  (item) => item.type === 'error',
)

const refusalNames: Readonly<Record<RefusalName, true>> = {
  AnswerDue: true,
  AnswerTooLate: true,
  BadSignature: true,
  BidExpired: true,
  BondTooSmall: true,
  CapExceeded: true,
  CommitmentTooShort: true,
  CoolingDown: true,
  DepositTooSmall: true,
  InsufficientBalance: true,
  NotHost: true,
  NotParty: true,
  NotSilent: true,
  NotSuccessor: true,
  NothingToReport: true,
  OutOfRange: true,
  OutsideLease: true,
  QuorumMissing: true,
  RateAboveMax: true,
  TailPending: true,
  UnknownLease: true,
  UntilAfterEnd: true,
  WrongObservers: true,
  WrongStatus: true,
}

const isRefusalName = (name: string): name is RefusalName => Object.hasOwn(refusalNames, name)

const bySelector = new Map<string, RefusalName>(
  leasesAbi.flatMap((item) =>
    item.type === 'error' && isRefusalName(item.name)
      ? [
          [
            toFunctionSelector({ ...item, type: 'function', outputs: [], stateMutability: 'view' }),
            item.name,
          ],
        ]
      : [],
  ),
)

/** The refusal that a batch reports by its selector. */
export const refusalOfSelector = (selector: Hex): RefusalName | undefined =>
  bySelector.get(selector.slice(0, 10).toLowerCase())

/** Endpoints put revert data in different places: error.data, error.data.data. */
const revertData = (data: unknown): Hex | undefined => {
  const found = z.union([hexData, z.object({ data: hexData })]).safeParse(data)
  if (!found.success) return undefined
  return typeof found.data === 'string' ? found.data : found.data.data
}

/** The name of the custom error, the words of a `require`, or `unknown`. */
export const refusalOfRevert = (data: Hex): string => {
  if (data.length < 10) return 'unknown'
  try {
    const { errorName, args } = decodeErrorResult({ abi: errorsAbi, data })
    return errorName === 'Error' || errorName === 'Panic' ? `${errorName}: ${args?.[0]}` : errorName
  } catch {
    // An error that none of our contracts declares, such as a foreign token's own.
    return data.slice(0, 10)
  }
}

/** Why the endpoint says that a call would revert, or undefined when that is not what it says. */
export const refusalIn = (answer: {
  readonly message: string
  readonly data: unknown
}): string | undefined => {
  const data = revertData(answer.data)
  if (data !== undefined) return refusalOfRevert(data)
  return /revert/i.test(answer.message) ? 'unknown' : undefined
}
