import { defineCommand } from '#cli/command'
import { switchFlag } from '#cli/flags/flag'
import { out, printJson } from '#cli/print'
import { formatPrice, formatTokens } from '#cli/text/money'
import { formatAgo } from '#cli/text/since'
import { formatTable, shortId } from '#cli/text/table'
import type { Lease } from '#sdk/types'

export const command = defineCommand({
  usage: 'leases [flags]',
  summary: 'List leases that are open, as tenant and as host',
  examples: ['artel leases', 'artel leases -a --json'],
  flags: {
    all: switchFlag('Also settled ones', 'a'),
    'no-trunc': switchFlag('Print whole ids'),
  },
  args: { min: 0, max: 0 },
  run: async (context, flags) => {
    const client = await context.client()
    const leases = await client.leases.list(flags.all)
    if (context.json) {
      await printJson(leases)
      return 0
    }
    const whole = flags['no-trunc']
    const token = leases.length === 0 ? { symbol: '', decimals: 0 } : await context.token()
    await out(
      formatTable<Lease>(
        [
          ['LEASE', ({ id }) => shortId(id, whole)],
          ['AS', ({ role }) => role],
          ['WITH', (lease) => shortId(lease.role === 'tenant' ? lease.host : lease.tenant, whole)],
          ['STATUS', ({ status }) => status],
          ['OPENED', openedText],
          ['PRICE', ({ rate }) => formatPrice(rate, token)],
          ['OWED', ({ owed }) => formatTokens(owed, token)],
          ['DEPOSIT', ({ deposit }) => formatTokens(deposit, token)],
          ['RUN', ({ run }) => run?.name ?? ''],
        ],
        leases,
      ),
    )
    return 0
  },
})

const openedText = ({ openedAtSeconds }: Lease): string =>
  openedAtSeconds === undefined ? '' : formatAgo(openedAtSeconds * 1000)
