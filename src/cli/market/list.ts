import { defineCommand } from '#cli/command'
import { switchFlag, textsFlag } from '#cli/flags/flag'
import { out, printJson } from '#cli/print'
import { formatPrice } from '#cli/text/money'
import { formatTable, shortId } from '#cli/text/table'
import { formatBytes, formatCpus } from '#core/resources'
import type { Offer } from '#sdk/types'

export const command = defineCommand({
  usage: 'market [flags]',
  summary: 'List what hosts offer, the cheapest first; the price is for one processor and 1 GiB',
  examples: ['artel market', 'artel market --region eu-west --json'],
  flags: {
    region: textsFlag('NAME', 'Only hosts of this region; may be repeated'),
    'no-trunc': switchFlag('Print whole addresses'),
  },
  args: { min: 0, max: 0 },
  run: async (context, flags) => {
    const client = await context.client()
    const offers = (await client.market.offers())
      .filter(({ host }) => flags.region.length === 0 || flags.region.includes(host.region))
      .toSorted(cheapestFirst)
    if (context.json) {
      await printJson(offers)
      return 0
    }
    const token = offers.length === 0 ? { symbol: '', decimals: 0 } : await context.token()
    await out(
      formatTable<Offer>(
        [
          ['HOST', ({ host }) => shortId(host.address, flags['no-trunc'])],
          ['REGION', ({ host }) => host.region],
          ['CPUS', ({ resources }) => formatCpus(resources.cpuMilli)],
          ['MEMORY', ({ resources }) => formatBytes(resources.memoryBytes)],
          ['DISK', ({ resources }) => formatBytes(resources.diskBytes)],
          ['GPUS', gpuText],
          ['ISOLATION', ({ isolation }) => isolation.join(',')],
          ['PRICE', ({ rate }) => formatPrice(rate, token)],
          [
            'LATENCY',
            ({ latencyMs }) => (latencyMs === undefined ? '-' : `${Math.round(latencyMs)} ms`),
          ],
          ['RELIABILITY', reliabilityText],
          ['FREE', ({ freeLeases }) => String(freeLeases)],
        ],
        offers,
      ),
    )
    return 0
  },
})

const cheapestFirst = (a: Offer, b: Offer): number => {
  const difference = BigInt(a.rate) - BigInt(b.rate)
  if (difference !== 0n) return difference < 0n ? -1 : 1
  return a.host.address < b.host.address ? -1 : 1
}

const gpuText = ({ gpus }: Offer): string =>
  gpus.length === 0 ? '-' : `${gpus.length} x ${gpus[0]?.name ?? ''}`

const reliabilityText = ({ leases }: Offer): string =>
  leases.reliability === undefined
    ? 'new'
    : `${(leases.reliability * 100).toFixed(1)}% (${leases.settled + leases.failed})`
