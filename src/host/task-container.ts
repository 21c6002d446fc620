import { toArtelError } from '#core/errors'
import type { ContainerSpec, EngineSession } from '#ports/engine'
import { exitOf, exitOfStart, type Intervention } from './run-exit.ts'
import { watchDisk } from './run-watchdog.ts'
import { shownText, type Task, type TaskOutcome, type WorkerComponents } from './shell-worker.ts'
import { placeInput, shownBytesMax, type TaskPlace } from './task-volume.ts'

/** Keeps the end of what goes by. */
const createEnd = () => {
  let kept = new Uint8Array(0)
  return {
    push: (bytes: Uint8Array) => {
      const joined = new Uint8Array(kept.length + bytes.length)
      joined.set(kept)
      joined.set(bytes, kept.length)
      kept = joined.slice(-shownBytesMax)
    },
    bytes: () => kept,
  }
}

const drain = async (session: EngineSession) => {
  const ends = { stdout: createEnd(), stderr: createEnd() }
  for await (const { stream, bytes } of session.output) ends[stream].push(bytes)
  return { stdout: shownText(ends.stdout.bytes()), stderr: shownText(ends.stderr.bytes()) }
}

const silent = { stdout: '', stderr: '' }

/** Runs a task in a container of its own, for images without a shell. The container is gone afterwards. */
export const runTaskContainer = async (
  { clock, diskBytes, engine, volumes }: WorkerComponents & { readonly diskBytes: number },
  spec: ContainerSpec,
  place: TaskPlace,
  task: Task,
  signal: AbortSignal,
): Promise<TaskOutcome> => {
  const startedMs = clock.monotonicMs()
  const durationMs = (): number => clock.monotonicMs() - startedMs
  if (task.input !== undefined) await placeInput(volumes, place, task.input, signal)
  const container = await engine.create(spec, signal)
  const over = new AbortController()
  try {
    const session = await engine.attach(container, false, AbortSignal.any([signal, over.signal]))
    try {
      await engine.start(container, signal)
    } catch (error) {
      const exit = exitOfStart(toArtelError(error), clock.nowMs())
      if (exit === undefined) throw error
      const stderr = exit.message ?? ''
      return { exitCode: exit.exitCode, durationMs: durationMs(), ...silent, stderr }
    }
    const draining = drain(session).catch(() => silent)
    let why: Intervention | undefined
    const watched = {
      container,
      diskBytes,
      otherBytes: () => 0,
      onMeasured: () => undefined,
      intervene: (intervention: Intervention) => {
        why = intervention
      },
    }
    // Ends with the task; a measure that fails then says nothing about it.
    watchDisk({ clock, engine }, watched, AbortSignal.any([signal, over.signal])).catch(
      () => undefined,
    )
    let late = false
    const state = await clock
      .within(task.timeoutSeconds * 1000, signal, 'the task', (inner) =>
        engine.wait(container, inner),
      )
      .catch(async (error: unknown) => {
        if (toArtelError(error).code !== 'timeout') throw error
        late = true
        await engine.kill(container, 'SIGKILL', signal)
        return engine.wait(container, signal)
      })
    const shown = await draining
    const exit = exitOf(state, spec.memoryBytes, why)
    const base = { exitCode: exit.exitCode, durationMs: durationMs(), ...shown }
    if (late) return { ...base, reason: 'timeout' }
    const { reason } = exit
    return reason === 'out-of-memory' || reason === 'out-of-disk' ? { ...base, reason } : base
  } finally {
    over.abort()
    // Whether or not the call goes on, the container must not stay.
    await engine.remove(container, new AbortController().signal)
  }
}
