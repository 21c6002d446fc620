import type { z } from 'zod'
import { ArtelError, toArtelError } from '#core/errors'
import type { JsonValue } from '#core/json'
import type { Clock } from '#ports/clock'
import type { HostLease, HostRun } from '#protocol/host-records'
import type { BodyPart } from '#protocol/peer/call'
import { leaseWatchMessage } from '#protocol/peer/host-routes'
import type { LeaseStore } from './lease-store.ts'
import type { RunStore } from './run-store.ts'

export type WatchComponents = {
  readonly clock: Clock
  readonly leases: LeaseStore
  readonly runs: RunStore
}

const pingEveryMs = 5_000
export const watchersPerLeaseMax = 8

const message = (value: z.output<typeof leaseWatchMessage>): BodyPart => {
  const json: JsonValue = JSON.parse(JSON.stringify(leaseWatchMessage.encode(value)))
  return { kind: 'control', value: json }
}

/** Runs whose state differs from what was told; remembers what is told now. */
const changesOf = (runs: readonly HostRun[], told: Map<string, HostRun['state']>): HostRun[] =>
  runs.filter((run) => {
    if (told.get(run.run) === run.state) return false
    told.set(run.run, run.state)
    return true
  })

/** A tenant's view of its lease, until the lease is over or the tenant leaves. */
export const watchLease = async function* (
  { clock, leases, runs }: WatchComponents,
  id: HostLease['id'],
  signal: AbortSignal,
): AsyncGenerator<BodyPart> {
  const told = new Map<string, HostRun['state']>()
  let saidEnding = false
  let pingAtMs = clock.monotonicMs()
  for (;;) {
    const [seenLease, seenRun] = [leases.notice.version(), runs.notice.version()]
    for (const { run, state } of changesOf(runs.ofLease(id), told)) yield message({ run, state })
    const lease = leases.get(id)
    if (
      !saidEnding &&
      (lease === undefined || lease.state === 'ending' || lease.state === 'ended')
    ) {
      saidEnding = true
      yield message({ ending: lease?.endReason ?? 'the lease is over' })
    }
    // What follows the end: the last states of its runs were told above.
    if (lease === undefined || lease.state === 'ended') return
    if (clock.monotonicMs() >= pingAtMs) {
      yield message({ ping: clock.nowMs() })
      pingAtMs = clock.monotonicMs() + pingEveryMs
    }
    await untilChange(clock, pingAtMs, signal, (inner) =>
      Promise.race([leases.notice.changed(seenLease, inner), runs.notice.changed(seenRun, inner)]),
    )
  }
}

const untilChange = async (
  clock: Clock,
  atMs: number,
  signal: AbortSignal,
  change: (signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  const settled = new AbortController()
  try {
    await clock.within(Math.max(0, atMs - clock.monotonicMs()), signal, 'a change', (inner) =>
      change(AbortSignal.any([inner, settled.signal])),
    )
  } catch (error) {
    signal.throwIfAborted()
    if (toArtelError(error).code !== 'timeout') throw error
  } finally {
    settled.abort(new ArtelError('cancelled', 'the wait is over'))
  }
}
