import type { LeaseId } from '#core/ids'
import type { HostRunState, RunExit } from '#core/run'
import type { Instance } from '#tenant/instance'

const exitOf = ({ exitCode, finishedAtMs, reason, message, hint }: RunExit): RunExit => ({
  exitCode,
  finishedAtMs,
  ...(reason === undefined ? {} : { reason }),
  ...(message === undefined ? {} : { message }),
  ...(hint === undefined ? {} : { hint }),
})

/** Exits that are the host's failure: the program never had a chance. */
const hostsFault = new Set<RunExit['reason']>(['internal', 'unavailable', 'refused', 'host-lost'])

const noteExit = (
  instance: Instance,
  lease: LeaseId,
  state: HostRunState & { status: 'exited' },
): void => {
  if (instance.state().run.status === 'exited') return
  if (hostsFault.has(state.reason)) {
    const message = `${state.reason}: ${state.message ?? 'the host could not run the container'}`
    instance.record({ kind: 'host-lost', lease, code: 'host-lost', message })
    return
  }
  const { startedAtMs } = state
  const since = startedAtMs === undefined ? {} : { startedAtMs }
  instance.record({ kind: 'run-exited', lease, exit: timedOut(instance, exitOf(state)), ...since })
}

/** An exit that the tenant's own timeout caused says so. */
const timedOut = (instance: Instance, exit: RunExit): RunExit =>
  instance.state().stop?.reason === 'timeout'
    ? { ...exit, exitCode: 137, reason: 'timeout', message: 'stopped after its timeout' }
    : exit

/** Journals what the host says of the container, where it is news. */
export const noteRunState = (instance: Instance, lease: LeaseId, said: HostRunState): void => {
  const state = instance.state()
  const served = state.leases.find((use) => use.deal.id === lease)
  if (served === undefined || served.lost || state.exit !== undefined) return
  const { run } = state
  switch (said.status) {
    case 'preparing':
      return
    case 'created':
      if (run.status === 'absent') instance.record({ kind: 'run-created', lease })
      return
    case 'running':
      if (run.status === 'running' || run.status === 'exited') return
      instance.record({ kind: 'run-started', lease, startedAtMs: said.startedAtMs })
      instance.hub.tell({ type: 'started' })
      return
    case 'exited':
      noteExit(instance, lease, said)
  }
}
