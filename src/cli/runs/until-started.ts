import { err } from '#cli/print'
import { createProgress } from '#cli/terminal/progress'
import { plain } from '#cli/text/table'
import type { RunExit } from '#core/run'
import type { Session } from '#sdk/session'

/** Listens until the program runs; its exit when it ended before. What it says stays in its log. */
export const untilStarted = async (session: Session): Promise<RunExit | undefined> => {
  const progress = createProgress()
  progress.show(waitingText)
  try {
    for await (const event of session.events) {
      if (event.type === 'exit') return event.exit
      if (event.type === 'notice') {
        progress.clear()
        await err(`artel: ${plain(event.message)}\n`)
      } else if (event.type === 'progress') {
        progress.bytes(plain(event.what), event.doneBytes, event.totalBytes)
      } else return undefined
    }
    return undefined
  } finally {
    progress.clear()
    session.close()
  }
}

/** What a terminal shows while nothing else is to tell. */
export const waitingText = 'waiting for a host and its container'
