import { defineCommand } from '#cli/command'
import { out } from '#cli/print'
import { whileWaiting } from '#cli/terminal/while-waiting'

export const command = defineCommand({
  usage: 'local down',
  summary: 'Stop the cloud on this machine; what it keeps on disk stays',
  examples: ['artel local down'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async ({ home }) => {
    const { localDown } = await import('#node/local-cloud')
    const lines: string[] = []
    const stopping = localDown({ home, say: (line) => void lines.push(`${line}\n`) })
    await whileWaiting('stopping the nodes and the chain', stopping).finally(() =>
      out(lines.join('')),
    )
    return 0
  },
})
