import type { Context } from '#cli/context'
import { out, printJson } from '#cli/print'
import { formatPrice, formatTokens } from '#cli/text/money'
import { formatAgo } from '#cli/text/since'
import { formatTable, plain, shortId } from '#cli/text/table'
import { formatBytes, formatCpus, type Resources } from '#core/resources'
import type { Host } from '#sdk/types'

type LeaseRow = Host['leases'][number]

/** Prints what this machine sells, for how much, and what runs on it for whom; with `all` also what has run. */
export const showHost = async (context: Context, host: Host, all = false): Promise<number> => {
  if (context.json) {
    await printJson(host)
    return 0
  }
  if (host.state === 'absent') {
    await out('This machine sells nothing. Begin with: artel host join --price 0.02\n')
    return 0
  }
  const token = await context.token()
  const rows = [
    ['State', host.problem === undefined ? host.state : `${host.state}: ${plain(host.problem)}`],
    ['Account', host.address],
    ['Region', plain(host.region)],
    ['Offered', resourcesText(host.offered)],
    ['Leased', resourcesText(host.leased)],
    ['Price', `${formatPrice(host.price.perCpu, token)} per processor`],
    ['Earned', formatTokens(host.earnedTotal, token)],
  ]
  for (const [name = '', value = ''] of rows) await out(`${name.padEnd(8)} ${value}\n`)
  const current = all ? host.leases : host.leases.filter(({ status }) => status !== 'ended')
  if (current.length === 0) return 0
  await out('\n')
  await out(
    formatTable<LeaseRow>(
      [
        ['LEASE', ({ lease }) => shortId(lease, false)],
        ['TENANT', ({ tenant }) => shortId(tenant, false)],
        [
          'SINCE',
          ({ sinceSeconds }) => (sinceSeconds === undefined ? '' : formatAgo(sinceSeconds * 1000)),
        ],
        ['STATUS', ({ status }) => status],
        ['USES', ({ resources }) => resourcesText(resources)],
        ['PRICE', ({ rate }) => formatPrice(rate, token)],
        ['EARNED', ({ earned }) => formatTokens(earned, token)],
        ['RUNS', ({ runs }) => runs.map(({ image, status }) => `${image} (${status})`).join(', ')],
      ],
      current,
    ),
  )
  return 0
}

const resourcesText = (part: Resources): string => {
  const gpus = part.gpus === 0 ? '' : `, ${part.gpus} GPU`
  return `${formatCpus(part.cpuMilli)} cpu, ${formatBytes(part.memoryBytes)}, ${formatBytes(part.diskBytes)} disk${gpus}`
}
