import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'
import type { PeerStream } from '#ports/network'
import { createInbox, createOutbox } from './network-halves.ts'

/** One end of a stream between two memory nodes. */
export type StreamEnd = {
  readonly stream: PeerStream
  /** Fails both halves of this end, without telling the other one. */
  readonly fail: (error: unknown) => void
}

export type EndOptions = {
  readonly remote: PeerId
  /** Carries `arrive` to the other end's node, which drops it when it is dead by then. */
  readonly send: (bytes: number, arrive: () => void) => void
  /** Whether the node of this end still lives; a dead one's calls never settle. */
  readonly isAlive: () => boolean
  /** Called once, when both halves have ended or failed. */
  readonly onDone: () => void
}

type Inner = StreamEnd & {
  readonly receive: (bytes: Uint8Array) => void
  readonly receiveEnd: () => void
  readonly credit: (bytes: number) => void
}

const createEnd = (options: EndOptions, other: () => Inner): Inner => {
  const { remote, send, isAlive } = options
  let done = false
  const inbox = createInbox((bytes) => other().credit(bytes), isAlive)
  const outbox = createOutbox(
    (piece) => send(piece.length, () => other().receive(piece)),
    () => send(0, () => other().receiveEnd()),
    isAlive,
  )
  const finish = () => {
    if (done) return
    done = true
    options.onDone()
  }
  const fail = (error: unknown) => {
    if (done) return
    inbox.fail(error)
    outbox.fail(error)
    finish()
  }
  const cut = () => new ArtelError('unavailable', `the stream to peer ${remote} was cut`)

  return {
    stream: {
      remote,
      read: inbox.read,
      write: outbox.write,
      end: async () => {
        outbox.end()
        if (inbox.hasEnded()) finish()
      },
      reset: (reason) => {
        if (done) return
        fail(reason)
        send(0, () => other().fail(cut()))
      },
    },
    fail,
    receive: inbox.receive,
    receiveEnd: () => {
      inbox.receiveEnd()
      if (outbox.hasEnded()) finish()
    },
    credit: outbox.credit,
  }
}

/** The two ends of a new stream. */
export const createStreamPair = (
  a: EndOptions,
  b: EndOptions,
): { readonly a: StreamEnd; readonly b: StreamEnd } => {
  const endA: Inner = createEnd(a, () => endB)
  const endB: Inner = createEnd(b, () => endA)
  return { a: endA, b: endB }
}
