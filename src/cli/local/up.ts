import { defineCommand } from '#cli/command'
import { valueFlag } from '#cli/flags/flag'
import { err, out, printJson } from '#cli/print'
import { createProgress } from '#cli/terminal/progress'
import { wholeNumber } from '#cli/text/numbers'

export const command = defineCommand({
  usage: 'local up [flags]',
  summary:
    'Start a whole cloud on this machine: a chain, hosts and a tenant, to try or develop with',
  examples: ['artel local up --hosts 3'],
  flags: {
    hosts: valueFlag('NUMBER', 'How many hosts (default 3)', {
      read: wholeNumber(1, 32),
      expected: 'expected a number from 1 to 32',
    }),
  },
  args: { min: 0, max: 0 },
  run: async ({ home, json }, { hosts = 3 }) => {
    const { localUp } = await import('#node/local-cloud')
    const progress = createProgress()
    const say = (line: string) => {
      progress.clear()
      void (json ? err : out)(`${line}\n`)
      progress.show('starting the chain and the nodes')
    }
    const network = await localUp({ home, hosts, say }).finally(progress.clear)
    if (json) await printJson(network)
    else await out('Try: artel market\n')
    return 0
  },
})
