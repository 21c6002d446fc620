import { toArtelError } from '#core/errors'
import type { Run } from './run-book.ts'
import { resizeRun } from './run-proxy.ts'

/** Sets the size of the terminal now, or as soon as the container runs. */
export const setTerminalSize = async (run: Run, columns: number, rows: number): Promise<void> => {
  run.terminal = { columns, rows }
  if (run.instance.state().run.status === 'running') await resizeRun(run, columns, rows)
}

/** Tells a container that has just started the size that was set before. Never throws. */
export const applyTerminalSize = async (run: Run): Promise<void> => {
  if (run.terminal === undefined) return
  try {
    await resizeRun(run, run.terminal.columns, run.terminal.rows)
  } catch (caught) {
    const { message } = toArtelError(caught)
    run.context.parts.log.debug('the terminal keeps its size', { reason: message })
  }
}
