import type { HostIdentity } from '#core/deployment'
import { ArtelError } from '#core/errors'
import type { LeaseId, RunId } from '#core/ids'
import type { Run } from './run-book.ts'

export type Serving = {
  readonly host: HostIdentity
  readonly ofRun: { readonly lease: LeaseId; readonly run: RunId }
}

/** The host that holds the container now, running or (with `orEnded`) not yet forgotten. Throws 'conflict'. */
export const servingLease = ({ instance, entry }: Run, orEnded = false): Serving => {
  const state = instance.state()
  const { run } = state
  const lease = run.status === 'absent' ? undefined : run.lease
  const use = state.leases.find((one) => one.deal.id === lease)
  const holds = use?.status === 'open' && !use.lost
  const runs = run.status === 'running' && state.exit === undefined
  if (use === undefined || !holds || !(runs || (orEnded && run.status === 'exited'))) {
    const hint = orEnded
      ? 'Its container is gone: name the path as an output to keep it.'
      : 'See `artel ps`.'
    throw new ArtelError('conflict', `run ${entry.name} is not running`, { hint })
  }
  return { host: use.deal.host, ofRun: { lease: use.deal.id, run: instance.id } }
}
