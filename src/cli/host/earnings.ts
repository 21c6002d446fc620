import { defineCommand } from '#cli/command'
import { out, printJson } from '#cli/print'
import { formatSpan } from '#cli/text/duration'
import { formatPrice, formatTokens } from '#cli/text/money'
import { formatAgo } from '#cli/text/since'
import { formatTable, shortId } from '#cli/text/table'
import type { Earning } from '#sdk/types'

export const command = defineCommand({
  usage: 'host earnings',
  summary: 'List what each lease earned, newest first',
  examples: ['artel host earnings', 'artel host earnings --json'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async (context) => {
    const earnings = await (await context.client()).host.earnings()
    if (context.json) {
      await printJson(earnings)
      return 0
    }
    const token = await context.token()
    await out(
      formatTable<Earning>(
        [
          ['LEASE', ({ lease }) => shortId(lease, false)],
          ['TENANT', ({ tenant }) => shortId(tenant, false)],
          ['OPENED', ({ openedAtSeconds }) => formatAgo(openedAtSeconds * 1000)],
          ['SERVED', ({ seconds }) => formatSpan(seconds * 1000)],
          ['PRICE', ({ rate }) => formatPrice(rate, token)],
          ['EARNED', ({ earned }) => formatTokens(earned, token)],
          ['SETTLED', ({ settled }) => (settled ? 'yes' : 'not yet')],
        ],
        earnings,
      ),
    )
    const total = earnings.reduce((sum, { earned }) => sum + BigInt(earned), 0n)
    await out(`Total ${formatTokens(total.toString(), token)}\n`)
    return 0
  },
})
