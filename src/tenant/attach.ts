import { ArtelError, toArtelError } from '#core/errors'
import type { ServerControl } from '#protocol/api/stream'
import type { OutputFrame } from '#protocol/output'
import { untilChanged } from './hub.ts'
import { createMailbox, type Mailbox } from './mailbox.ts'
import type { Run } from './run-book.ts'
import type { RunSession } from './run-session.ts'
import { setTerminalSize } from './run-terminal.ts'

type Event = OutputFrame | ServerControl

/** Events that wait for a slow client before the output has to. */
const eventsMax = 4

/** Passes the output on, from the beginning to the end, then the exit. */
const pump = async (
  { instance, context }: Run,
  mailbox: Mailbox<Event>,
  signal: AbortSignal,
): Promise<void> => {
  try {
    const output = await context.output()
    for await (const frame of output.frames(true, signal)) await mailbox.push(frame)
    await untilChanged(instance.hub, () => instance.state().exit !== undefined, signal)
    const { exit } = instance.state()
    if (exit !== undefined) mailbox.urge({ type: 'exit', exit })
    mailbox.close()
  } catch (caught) {
    const { code, message, hint } = toArtelError(caught)
    if (!signal.aborted) {
      mailbox.urge({ type: 'error', code, message, ...(hint === undefined ? {} : { hint }) })
    }
    mailbox.close()
  }
}

/** Progress that a slow client has not read yet is replaced by the next; notices are kept. */
const relay = (mailbox: Mailbox<Event>) => {
  let lastProgress = ''
  return (control: ServerControl): void => {
    if (control.type === 'progress') {
      const percent = Math.floor((100 * control.doneBytes) / Math.max(1, control.totalBytes))
      const shown = `${control.what} ${percent}`
      if (shown === lastProgress) return
      lastProgress = shown
    }
    mailbox.urge(control)
  }
}

/** Joins a client to a run: output from the beginning, notices, exit; input for whoever types. */
export const attachTo = async (run: Run, signal: AbortSignal): Promise<RunSession> => {
  signal.throwIfAborted()
  const { instance } = run
  const left = new AbortController()
  const limit = AbortSignal.any([signal, left.signal])
  const mailbox = createMailbox<Event>(eventsMax)
  const off = instance.hub.onControl(relay(mailbox))
  if (instance.state().run.status === 'running') mailbox.urge({ type: 'started' })
  const pumping = pump(run, mailbox, limit).finally(off)
  const leave = async (): Promise<void> => {
    left.abort(new ArtelError('cancelled', 'the client has left'))
    mailbox.close()
    await pumping
  }
  const openStdin = instance.state().desired.service.run?.openStdin === true
  return {
    events: mailbox,
    write: async (bytes, writing) => {
      if (!openStdin) return
      await instance.stdin.write(bytes, AbortSignal.any([writing, limit]))
    },
    endInput: async () => instance.stdin.end(),
    resize: (columns, rows) => setTerminalSize(run, columns, rows),
    close: leave,
  }
}
