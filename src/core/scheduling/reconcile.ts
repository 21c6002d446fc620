import { currentLease, isOver } from '#core/deployment'
import { merge, type Plan } from './action.ts'
import { planEnding, planOldLeases } from './reconcile-ending.ts'
import { planPlacing } from './reconcile-placing.ts'
import { planServing } from './reconcile-serving.ts'
import type { Situation } from './situation.ts'

/**
 * What to do about an instance now: a pure function of the facts, so that the same facts give the same plan
 * to whoever supervises, and executing a plan twice does no harm.
 */
export const reconcile = (situation: Situation): Plan => {
  const { state } = situation.observed
  if (isOver(state)) return { actions: [] }
  if (state.exit !== undefined) return planEnding(situation)
  const current = currentLease(state)
  const plan = current === undefined ? planPlacing(situation) : planServing(situation, current)
  return merge(plan, planOldLeases(situation))
}
