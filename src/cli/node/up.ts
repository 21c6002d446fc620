import { defineCommand } from '#cli/command'
import { textFlag } from '#cli/flags/flag'
import { out, printJson } from '#cli/print'
import { whileWaiting } from '#cli/terminal/while-waiting'

export const command = defineCommand({
  usage: 'up [flags]',
  summary: 'Start the daemon: this machine becomes a node of the network',
  examples: ['artel up', 'artel up --network artel-network-8453.json'],
  flags: { network: textFlag('FILE', 'Network file: chain, contracts and peers to begin with') },
  args: { min: 0, max: 0 },
  run: async ({ home, json }, { network }) => {
    const { startDaemon } = await import('#node/start-daemon')
    const options = network === undefined ? { home } : { home, networkFile: network }
    const started = await whileWaiting('starting the daemon', startDaemon(options))
    if (json) await printJson(started)
    else if (started.alreadyRunning) await out(`The daemon runs already, process ${started.pid}\n`)
    else await out(`The daemon runs, process ${started.pid}, at ${started.socket}\n`)
    return 0
  },
})
