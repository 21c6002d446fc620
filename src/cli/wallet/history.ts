import { defineCommand } from '#cli/command'
import { out, printJson } from '#cli/print'
import { formatTokens } from '#cli/text/money'
import { formatTable, shortId } from '#cli/text/table'
import type { WalletEntry } from '#sdk/types'

export const command = defineCommand({
  usage: 'wallet history',
  summary: 'List what changed the balance in the vault, newest first',
  examples: ['artel wallet history'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async (context) => {
    const entries = await (await context.client()).wallet.history()
    if (context.json) {
      await printJson(entries)
      return 0
    }
    const token = entries.length === 0 ? { symbol: '', decimals: 0 } : await context.token()
    await out(
      formatTable<WalletEntry>(
        [
          ['WHEN', ({ atSeconds }) => new Date(atSeconds * 1000).toISOString()],
          ['WHAT', ({ kind }) => kind],
          ['CHANGE', ({ change }) => formatTokens(change, token)],
          ['LEASE', ({ lease }) => (lease === undefined ? '' : shortId(lease, false))],
          ['TRANSACTION', ({ transaction }) => transaction],
        ],
        entries,
      ),
    )
    return 0
  },
})
