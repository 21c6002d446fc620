import type { VirtualClock } from '#adapters/memory/clock'
import type { Monitor } from './monitor.ts'

/**
 * Runs `work` in virtual time until it ends, something is violated, or `limitMs` are over; false in the
 * latter two cases. Work that takes too long is itself reported, under the name of the phase.
 */
export const runPhase = async (
  { clock, monitor }: { readonly clock: VirtualClock; readonly monitor: Monitor },
  phase: { readonly name: string; readonly limitMs: number },
  work: () => Promise<void>,
): Promise<boolean> => {
  let over = false
  const running = work().then(
    () => {
      over = true
    },
    (error: unknown) => {
      over = true
      monitor.report(phase.name, String(error))
    },
  )
  const inTime = await clock.runUntil(
    () => over || monitor.violation() !== undefined,
    clock.nowMs() + phase.limitMs,
  )
  if (monitor.violation() !== undefined) return false
  if (!inTime) {
    monitor.report(phase.name, `did not end within ${phase.limitMs / 1000} s of virtual time`)
    return false
  }
  await running
  return true
}
