import { err, out } from '#cli/print'
import { createDetachKeys } from '#cli/terminal/detach-keys'
import { createProgress } from '#cli/terminal/progress'
import { enterRawMode, watchSize } from '#cli/terminal/raw-mode'
import { plain } from '#cli/text/table'
import type { RunExit } from '#core/run'
import type { Session } from '#sdk/session'
import { waitingText } from './until-started.ts'

export type Conversation = {
  readonly tty: boolean
  readonly stdin: boolean
  /** Called once the program runs. */
  readonly started?: () => void
}

export type ConversationEnd =
  | { readonly kind: 'exit'; readonly exit: RunExit }
  | { readonly kind: 'detached' }

/**
 * Joins our own standard streams to a session until the program has ended or the person detached. Each side
 * waits for the other; the terminal is as it was afterwards.
 */
export const converse = async (
  session: Session,
  { tty, stdin, started }: Conversation,
): Promise<ConversationEnd> => {
  const progress = createProgress()
  const undo: (() => void)[] = []
  progress.show(waitingText)
  const detached = Promise.withResolvers<ConversationEnd>()
  const begin = (): void => {
    progress.clear()
    started?.()
    if (!tty) return
    if (stdin) undo.push(enterRawMode(process.stdin))
    undo.push(watchSize(process.stdout, (columns, rows) => ignore(session.resize(columns, rows))))
  }
  if (stdin)
    ignore(sendInput(session, tty).then((left) => left && detached.resolve({ kind: 'detached' })))
  try {
    return await Promise.race([receive(session, progress, begin), detached.promise])
  } finally {
    progress.clear()
    for (const one of undo) one()
    session.close()
  }
}

const receive = async (
  session: Session,
  progress: ReturnType<typeof createProgress>,
  begin: () => void,
): Promise<ConversationEnd> => {
  for await (const event of session.events) {
    switch (event.type) {
      case 'stdout':
        await out(event.bytes)
        break
      case 'stderr':
        await err(event.bytes)
        break
      case 'notice':
        progress.clear()
        await err(`artel: ${plain(event.message)}\n`)
        break
      case 'progress':
        progress.bytes(plain(event.what), event.doneBytes, event.totalBytes)
        break
      case 'started':
        begin()
        break
      case 'exit':
        return { kind: 'exit', exit: event.exit }
    }
  }
  throw new Error('the session ended without an exit')
}

/** Sends what is typed or piped; true when the person detached. */
const sendInput = async (session: Session, tty: boolean): Promise<boolean> => {
  const keys = tty ? createDetachKeys() : undefined
  for await (const chunk of process.stdin) {
    const typed = keys === undefined ? { bytes: chunk, detach: false } : keys(chunk)
    if (typed.bytes.length > 0) await session.write(typed.bytes)
    if (typed.detach) return true
  }
  await session.endInput()
  return false
}

/** A broken session is told by its events; what else was under way need not tell it again. */
const ignore = (promise: Promise<unknown>): void => {
  promise.catch(() => undefined)
}
