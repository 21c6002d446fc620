import { defineCommand } from '#cli/command'
import { out, printJson } from '#cli/print'
import { readAmount } from './amount.ts'

export const command = defineCommand({
  usage: 'wallet deposit AMOUNT',
  summary: 'Move tokens of the account into the vault, where leases are paid from',
  examples: ['artel wallet deposit 25'],
  flags: {},
  args: { min: 1, max: 1 },
  run: async (context, _, [text = '']) => {
    const token = await context.token()
    const done = await (await context.client()).wallet.deposit(readAmount(text, token))
    await (context.json
      ? printJson(done)
      : out(`${text} ${token.symbol} are in the vault: ${done.transaction}\n`))
    return 0
  },
})
