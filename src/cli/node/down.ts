import { defineCommand } from '#cli/command'
import { out, printJson } from '#cli/print'
import { whileWaiting } from '#cli/terminal/while-waiting'

export const command = defineCommand({
  usage: 'down',
  summary: 'Stop the daemon; runs on other machines go on until their leases end',
  examples: ['artel down'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async ({ home, json }) => {
    const { stopDaemon } = await import('#node/stop-daemon')
    const stopped = await whileWaiting('stopping the daemon', stopDaemon({ home }))
    if (json) await printJson({ stopped })
    else await out(stopped ? 'The daemon is stopped\n' : 'No daemon runs\n')
    return 0
  },
})
