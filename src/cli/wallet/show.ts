import { defineCommand } from '#cli/command'
import { out, printJson } from '#cli/print'
import { formatTokens } from '#cli/text/money'
import { formatAmount } from '#core/money'

export const command = defineCommand({
  usage: 'wallet [show]',
  summary: 'Show the account, what it has in the vault, in leases and outside, and its gas',
  examples: ['artel wallet', 'artel wallet --json'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async (context) => {
    const wallet = await (await context.client()).wallet.view()
    if (context.json) {
      await printJson(wallet)
      return 0
    }
    const rows = [
      ['Account', wallet.address],
      ['Vault', formatTokens(wallet.vault, wallet.token)],
      ['In leases', formatTokens(wallet.inLeases, wallet.token)],
      ['Outside', formatTokens(wallet.tokens, wallet.token)],
      ['Gas', `${formatAmount(BigInt(wallet.gasWei), 18, 6)} of the chain's coin`],
      ['Chain', String(wallet.chainId)],
      ['Contract', wallet.leases],
    ]
    for (const [name = '', value = ''] of rows) await out(`${name.padEnd(10)} ${value}\n`)
    return 0
  },
})
