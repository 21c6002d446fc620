import { err } from '#cli/print'
import { onSignals } from '#cli/terminal/signals'
import type { Client } from '#sdk/client'

/**
 * Hands signals on to a run, as docker does; those that come while it is being created wait for its id. While it is placed or prepared any signal ends it. Who presses
 * Ctrl-C three times means it: then it is killed, and a fourth time leaves at once.
 */
export const proxySignals = (
  client: Client,
  created: Promise<{ readonly id: string }>,
  hasStarted: () => boolean,
): (() => void) => {
  let urgent = 0
  const handle = async (name: string): Promise<void> => {
    if (name === 'INT' || name === 'TERM') urgent += 1
    const { id } = await created
    if (urgent > 3) {
      await err(`artel: left ${id.slice(0, 12)} behind; end it with 'artel rm -f'\n`)
      process.exit(125)
    }
    if (urgent === 3) {
      await err('artel: killing it\n')
      return await client.runs.kill(id, 'KILL')
    }
    if (urgent === 2) await err('artel: press Ctrl-C once more to kill it\n')
    if (hasStarted()) return await client.runs.kill(id, name)
    await err('artel: ending it before it has started\n')
    await client.runs.stop(id, 0)
  }
  return onSignals((name) => {
    handle(name).catch(async (error: Error) =>
      err(`artel: could not hand on ${name}: ${error.message}\n`),
    )
  })
}
