import { defineCommand } from '#cli/command'
import { out, printJson } from '#cli/print'
import { formatTable } from '#cli/text/table'

export const command = defineCommand({
  usage: 'local status',
  summary: 'Say which parts of the cloud on this machine run; exit code 1 when not all do',
  examples: ['artel local status'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async ({ home, json }) => {
    const { localStatus } = await import('#node/local-cloud')
    const status = await localStatus({ home })
    if (json) await printJson(status)
    else if (status.members.length === 0) {
      await out('No local cloud here. Start one with: artel local up --hosts 3\n')
    } else {
      const chain = {
        name: 'chain',
        home: status.chain.rpcUrl ?? '',
        running: status.chain.running,
      }
      await out(
        formatTable<{ readonly name: string; readonly running: boolean; readonly home: string }>(
          [
            ['MEMBER', ({ name }) => name],
            ['STATUS', ({ running }) => (running ? 'up' : 'down')],
            ['WHERE', (member) => member.home],
          ],
          [chain, ...status.members],
        ),
      )
    }
    return status.up ? 0 : 1
  },
})
