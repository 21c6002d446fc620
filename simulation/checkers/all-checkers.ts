import { createBillsTrue } from './bills-true.ts'
import { createBondsLostFairly } from './bonds-lost-fairly.ts'
import { createChargedForTimeOpen } from './charged-for-time-open.ts'
import type { Checker } from './checker.ts'
import { createContainersHaveLeases } from './containers-have-leases.ts'
import { createEventsTellMoney } from './events-tell-money.ts'
import { createEveryLeaseSettled } from './every-lease-settled.ts'
import { createExitsTrue } from './exits-true.ts'
import { createHonestUnharmed } from './honest-unharmed.ts'
import { createLeasesClosedPromptly } from './leases-closed-promptly.ts'
import { createMapsComplete } from './maps-complete.ts'
import { createMoneyConserved } from './money-conserved.ts'
import { createNothingLeaked } from './nothing-leaked.ts'
import { createOneEarns } from './one-earns.ts'
import { createOutputsComplete } from './outputs-complete.ts'
import { createOutsidersTakeNothing } from './outsiders-take-nothing.ts'
import { createPaidWithinDeposit } from './paid-within-deposit.ts'
import { createQueuesBounded } from './queues-bounded.ts'
import { createRunsEnd } from './runs-end.ts'
import { createSettledFinal } from './settled-final.ts'
import { createSupersedeKeepsDebts } from './supersede-keeps-debts.ts'

/** Fresh checkers for one world; most remember what they saw. */
export const createAllCheckers = (options: {
  readonly keepSecondsMax: number
}): readonly Checker[] => [
  createMoneyConserved(),
  createEventsTellMoney(),
  createPaidWithinDeposit(),
  createSettledFinal(),
  createOneEarns(),
  createOutsidersTakeNothing(),
  createSupersedeKeepsDebts(),
  createBondsLostFairly(),
  createChargedForTimeOpen(),
  createHonestUnharmed(),
  createExitsTrue(),
  createContainersHaveLeases(),
  createLeasesClosedPromptly(options.keepSecondsMax),
  createQueuesBounded(),
  createRunsEnd(),
  createMapsComplete(),
  createOutputsComplete(),
  createBillsTrue(),
  createEveryLeaseSettled(),
  createNothingLeaked(),
]
