import { defineCommand } from '#cli/command'
import { out } from '#cli/print'

export const command = defineCommand({
  usage: 'local down',
  summary: 'Stop the cloud on this machine; what it keeps on disk stays',
  examples: ['artel local down'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async ({ home }) => {
    const { localDown } = await import('#node/local-cloud')
    await localDown({ home, say: (line) => void out(`${line}\n`) })
    return 0
  },
})
