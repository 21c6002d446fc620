import { defineCommand } from '#cli/command'
import { valueFlag } from '#cli/flags/flag'
import { out, printJson } from '#cli/print'
import { parseAddress } from '#core/ids'
import { readAmount } from './amount.ts'

export const command = defineCommand({
  usage: 'wallet withdraw [flags] AMOUNT',
  summary: 'Move tokens out of the vault, to the account or another',
  examples: ['artel wallet withdraw --to 0x8ba1f109551bd432803012645ac136ddd64dba72 10'],
  flags: {
    to: valueFlag('ADDRESS', 'Who gets them (default: the account itself)', {
      read: parseAddress,
      expected: 'expected an address of 0x and 40 hexadecimal digits',
    }),
  },
  args: { min: 1, max: 1 },
  run: async (context, { to }, [text = '']) => {
    const token = await context.token()
    const done = await (await context.client()).wallet.withdraw(readAmount(text, token), to)
    await (context.json
      ? printJson(done)
      : out(`${text} ${token.symbol} left the vault: ${done.transaction}\n`))
    return 0
  },
})
