import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Engine, EngineSession, OutputChunk } from '#ports/engine'
import { containerPath, inspectContainer } from './containers.ts'
import { splitFrames } from './frames.ts'
import type { Call, EngineHttp } from './http.ts'
import { readOutput } from './read-output.ts'

type Sessions = Pick<Engine, 'attach' | 'exec'>

const execCreated = z.object({ Id: z.string() })
const execInspected = z.object({ Running: z.boolean(), ExitCode: z.number().nullish() })

/** First pause between looks at a process whose output has ended before it has; grows to `lookMsMax`. */
const lookMs = 10
const lookMsMax = 1000
/** How long the engine may think about whether a process has ended. */
const answerMs = 500

async function* terminalOutput(source: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk> {
  for await (const bytes of source) yield { stream: 'stdout', bytes }
}

const write = (socket: Socket, bytes: Uint8Array, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    if (!socket.writable) {
      return reject(new ArtelError('interrupted', 'the process takes no more input'))
    }
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.write(bytes, (error) => {
      signal.removeEventListener('abort', onAbort)
      if (error === null || error === undefined) return resolve()
      reject(new ArtelError('interrupted', 'the process takes no more input', { cause: error }))
    })
  })

/** A connection that `signal` ends, as `close` does. */
const sessionOver = (
  http: EngineHttp,
  socket: Socket,
  tty: boolean,
  isOver: () => Promise<boolean>,
  signal: AbortSignal,
): EngineSession => {
  let closed = false
  const source = readOutput(socket, isOver)
  async function* output(): AsyncGenerator<OutputChunk> {
    try {
      yield* tty ? terminalOutput(source) : splitFrames(source)
    } catch (error) {
      if (!closed) throw http.failure(error, signal)
    }
  }
  return {
    output: output(),
    write: (bytes, writeSignal) => write(socket, bytes, writeSignal),
    endInput: () =>
      new Promise((resolve) => {
        if (socket.writable) socket.end(resolve)
        else resolve()
      }),
    close: () => {
      closed = true
      socket.destroy()
    },
  }
}

/** True when `ended` says so, or says nothing in time: the engine is silent while it buries a process. */
const overOrSilent = async (
  ended: (signal: AbortSignal) => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    return await ended(AbortSignal.any([signal, AbortSignal.timeout(answerMs)]))
  } catch {
    // Any failure to learn it: better a little memory than lost output.
    return true
  }
}

/** The exit code of an exec'd process, undefined while it runs. */
const inspectExec = async (
  http: EngineHttp,
  id: string,
  signal: AbortSignal,
): Promise<number | undefined> => {
  const call: Call = { what: `inspect exec ${id}`, method: 'GET', path: `/exec/${id}/json` }
  const { Running, ExitCode } = execInspected.parse(await http.json(call, signal))
  return Running ? undefined : (ExitCode ?? undefined)
}

const execExitCode = async (http: EngineHttp, id: string, signal: AbortSignal): Promise<number> => {
  for (let pauseMs = lookMs; ; pauseMs = Math.min(pauseMs * 2, lookMsMax)) {
    const code = await inspectExec(http, id, signal)
    if (code !== undefined) return code
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

export const createSessions = (http: EngineHttp): Sessions => ({
  attach: async (id, withInput, signal) => {
    const found = await inspectContainer(http, id, false, signal)
    if (found === undefined) throw new ArtelError('not-found', `container ${id} is gone`)
    const query = { stream: true, stdin: withInput, stdout: true, stderr: true }
    const path = containerPath(id, '/attach')
    const socket = await http.upgrade({ what: `attach ${id}`, method: 'POST', path, query }, signal)
    const ended = async (endSignal: AbortSignal): Promise<boolean> => {
      const now = await inspectContainer(http, id, false, endSignal)
      return now === undefined || now.container.state.status === 'exited'
    }
    return sessionOver(http, socket, found.tty, () => overOrSilent(ended, signal), signal)
  },

  exec: async (id, spec, signal) => {
    const body = {
      AttachStdin: spec.openStdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: spec.tty,
      Env: spec.env,
      Cmd: spec.command,
      Privileged: false,
      ...(spec.workdir === undefined ? {} : { WorkingDir: spec.workdir }),
      ...(spec.user === undefined ? {} : { User: spec.user }),
    }
    const what = `exec in ${id}`
    const create: Call = { what, method: 'POST', path: containerPath(id, '/exec'), body }
    const execId = encodeURIComponent(execCreated.parse(await http.json(create, signal)).Id)
    const start = { Detach: false, Tty: spec.tty }
    const path = `/exec/${execId}/start`
    const socket = await http.upgrade({ what, method: 'POST', path, body: start }, signal)
    const ended = async (endSignal: AbortSignal): Promise<boolean> =>
      (await inspectExec(http, execId, endSignal)) !== undefined
    return {
      session: sessionOver(http, socket, spec.tty, () => overOrSilent(ended, signal), signal),
      resize: async (columns, rows, resizeSignal) => {
        const query = { w: columns, h: rows }
        const call: Call = { what, method: 'POST', path: `/exec/${execId}/resize`, query }
        await http.json(call, resizeSignal)
      },
      exitCode: (codeSignal) => execExitCode(http, execId, codeSignal),
    }
  },
})
