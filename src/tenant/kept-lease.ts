import type { Desired, LeaseUse } from '#core/deployment'
import { exhausted } from '#core/lease'
import { fits } from '#core/resources'
import { nowSeconds } from '#ports/clock'
import type { Run, RunBook } from './run-book.ts'

/** A kept lease must last so much longer to be worth taking. */
const leastSeconds = 5

const wishesFit = ({ service }: Desired, { deal }: LeaseUse): boolean => {
  const { rateMax, regions, hosts } = service.wishes
  const { host, terms } = deal
  if (rateMax !== undefined && terms.rate > rateMax) return false
  if (regions.length > 0 && !regions.includes(host.region)) return false
  return (
    hosts.length === 0 ||
    hosts.some((wish) => host.address.startsWith(wish.toLowerCase()) || host.peer.startsWith(wish))
  )
}

const promiseFits = (wanted: Desired, kept: Desired): boolean => {
  const [ours, theirs] = [wanted.service.requirements, kept.service.requirements]
  return (
    wanted.arch === kept.arch &&
    ours.isolation === theirs.isolation &&
    ours.network === theirs.network &&
    fits(ours.resources, theirs.resources)
  )
}

export type KeptLease = { readonly run: Run; readonly use: LeaseUse }

/** An open lease of an ended run that may serve `wanted`: then nothing needs to go to the chain. */
export const findKeptLease = (book: RunBook, wanted: Desired): KeptLease | undefined => {
  for (const run of book.everything()) {
    const state = run.instance.state()
    if (state.exit === undefined || state.keptUntilMs === undefined) continue
    const { clock, follower } = run.context.parts
    if (clock.nowMs() >= state.keptUntilMs) continue
    const use = state.leases.findLast((one) => one.status === 'open' && !one.lost)
    if (use === undefined || run.instance.live.get(use.deal.id)?.dead !== false) continue
    const lease = follower.lease(use.deal.id)
    const lasts = lease !== undefined && exhausted(lease) > nowSeconds(clock) + leastSeconds
    if (lasts && promiseFits(wanted, state.desired) && wishesFit(wanted, use)) return { run, use }
  }
  return undefined
}
