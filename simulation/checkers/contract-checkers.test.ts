import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apply } from '#core/leases-state'
import { type Apply, type ContractPlant, plantInContract } from '../plants/contract-plants.ts'
import { createBondsLostFairly } from './bonds-lost-fairly.ts'
import { createChargedForTimeOpen } from './charged-for-time-open.ts'
import type { Checker } from './checker.ts'
import { contractStory } from './contract-story.ts'
import { createEventsTellMoney } from './events-tell-money.ts'
import { createMoneyConserved } from './money-conserved.ts'
import { createOneEarns } from './one-earns.ts'
import { createOutsidersTakeNothing } from './outsiders-take-nothing.ts'
import { createPaidWithinDeposit } from './paid-within-deposit.ts'
import { createSettledFinal } from './settled-final.ts'
import { createSupersedeKeepsDebts } from './supersede-keeps-debts.ts'

const checkers: Readonly<Record<ContractPlant, () => Checker>> = {
  'money-conserved': createMoneyConserved,
  'events-tell-money': createEventsTellMoney,
  'paid-within-deposit': createPaidWithinDeposit,
  'settled-final': createSettledFinal,
  'one-earns': createOneEarns,
  'outsiders-take-nothing': createOutsidersTakeNothing,
  'supersede-keeps-debts': createSupersedeKeepsDebts,
  'bonds-lost-fairly': createBondsLostFairly,
  'charged-for-time-open': createChargedForTimeOpen,
}

const plants = Object.keys(checkers).filter((name): name is ContractPlant => name in checkers)

/** What the checker finds in the story, as far as a contract with a bug can tell it. */
const findings = (checker: Checker, contract: Apply): readonly string[] => {
  const found: string[] = []
  const watched: Apply = (state, call, env, signing) => {
    const applied = contract(state, call, env, signing)
    if (applied.ok) {
      const { events } = applied
      const finding = checker.onCall?.({ before: state, after: applied.state, call, env, events })
      if (finding !== undefined) found.push(finding)
    }
    return applied
  }
  try {
    contractStory(watched)
  } catch (error) {
    // A bug may make a later call of the story impossible: what was found before counts.
    if (found.length === 0) throw error
  }
  return found
}

for (const name of plants) {
  test(`${name} passes the contract as specified`, () => {
    const checker = checkers[name]()
    assert.equal(checker.name, name)
    assert.deepEqual(findings(checker, apply), [])
  })

  test(`${name} finds the bug that is planted for it`, () => {
    assert.notDeepEqual(findings(checkers[name](), plantInContract(name)), [])
  })
}
