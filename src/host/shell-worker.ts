import { ArtelError, toArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { Engine } from '#ports/engine'
import type { Volumes } from '#ports/volumes'
import { createNotice } from './notice.ts'
import type { RunProcess } from './run-process.ts'
import {
  createLineReader,
  killScript,
  parseTaskEnd,
  type TaskEnd,
  taskPaths,
} from './task-script.ts'
import {
  placeInput,
  readTaskLog,
  shownBytesMax,
  type TaskInput,
  type TaskPlace,
  writeTaskScript,
} from './task-volume.ts'

export type Task = {
  readonly command: readonly string[]
  readonly input: TaskInput | undefined
  readonly timeoutSeconds: number
}

export type TaskOutcome = {
  readonly exitCode: number
  readonly reason?: 'out-of-memory' | 'timeout' | 'out-of-disk'
  readonly durationMs: number
  readonly stdout: string
  readonly stderr: string
}

export type WorkerComponents = {
  readonly clock: Clock
  readonly engine: Engine
  readonly volumes: Volumes
}

/** How long the runner may take to say that a killed task is over. */
const killTimeoutMs = 5_000

/** Text as it may go out: what is no UTF-8 is replaced, and the end counts. */
export const shownText = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes.slice(-shownBytesMax))

/** A warm container whose shell runs one task after the other. */
export class ShellWorker {
  readonly #components: WorkerComponents
  readonly #process: RunProcess
  readonly #place: TaskPlace
  readonly #notice = createNotice()
  #sequence = 0
  #killedSoFar = 0
  #last: TaskEnd | undefined
  #over = false

  constructor(components: WorkerComponents, process: RunProcess, place: TaskPlace) {
    this.#components = components
    this.#process = process
    this.#place = place
    const read = createLineReader((line) => {
      const end = parseTaskEnd(line)
      if (end === undefined) return
      this.#last = end
      this.#notice.notify()
    })
    process.listen({
      onChunk: ({ stream, bytes }) => {
        if (stream === 'stdout') read(bytes)
      },
      onEnd: () => {
        this.#over = true
        this.#notice.notify()
      },
    })
  }

  /** Whether it can take another task. */
  alive(): boolean {
    return !this.#over && this.#process.record().state.status === 'running'
  }

  /** Runs one task; the caller sees to it that there is only one. Throws 'interrupted' when the container died. */
  async run(task: Task, signal: AbortSignal): Promise<TaskOutcome> {
    const { clock, volumes } = this.#components
    const startedMs = clock.monotonicMs()
    if (task.input !== undefined) await placeInput(volumes, this.#place, task.input, signal)
    await writeTaskScript(volumes, this.#place, task.command)
    this.#sequence += 1
    const id = this.#sequence
    await this.#process.send(new TextEncoder().encode(`${id}\n`), signal)
    const { end, late } = await this.#await(id, task.timeoutSeconds, signal)
    const durationMs = clock.monotonicMs() - startedMs
    const [stdout, stderr] = await Promise.all([
      this.#show('stdout', signal),
      this.#show('stderr', signal),
    ])
    const shown = { durationMs, stdout, stderr }
    if (end === undefined) return { ...(await this.#deathOf(signal)), ...shown }
    const outOfMemory = end.killed > this.#killedSoFar && end.exitCode !== 0
    this.#killedSoFar = Math.max(this.#killedSoFar, end.killed)
    if (late) return { exitCode: end.exitCode, reason: 'timeout', ...shown }
    return outOfMemory
      ? { exitCode: end.exitCode, reason: 'out-of-memory', ...shown }
      : { exitCode: end.exitCode, ...shown }
  }

  /** Waits for a task's end; one that takes too long, or that nobody waits for any more, is killed. */
  async #await(
    id: number,
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<{ readonly end: TaskEnd | undefined; readonly late: boolean }> {
    const { clock } = this.#components
    try {
      const ms = timeoutSeconds * 1000
      const end = await clock.within(ms, signal, 'the task', (inner) => this.#ended(id, inner))
      return { end, late: false }
    } catch (error) {
      if (toArtelError(error).code !== 'timeout' && !signal.aborted) throw error
      const end = await this.#kill(id)
      signal.throwIfAborted()
      return { end, late: true }
    }
  }

  async #ended(id: number, signal: AbortSignal): Promise<TaskEnd | undefined> {
    for (;;) {
      const seen = this.#notice.version()
      if (this.#last?.id === id) return this.#last
      if (this.#over) return undefined
      await this.#notice.changed(seen, signal)
    }
  }

  /** Ends the task; where its container does not obey, the container. */
  async #kill(id: number): Promise<TaskEnd | undefined> {
    const { clock, engine } = this.#components
    // The call that wanted the task may be over: ending it is the host's own business.
    const own = new AbortController().signal
    const container = this.#process.container()
    try {
      return await clock.within(killTimeoutMs, own, 'ending a task', async (signal) => {
        await this.#exec(['sh', '-c', killScript], signal)
        return this.#ended(id, signal)
      })
    } catch (error) {
      const { code } = toArtelError(error)
      if (code !== 'timeout' && code !== 'conflict' && code !== 'not-found') throw error
      await clock.within(killTimeoutMs, own, 'ending a worker', (signal) =>
        engine.kill(container, 'SIGKILL', signal),
      )
      return { id, exitCode: 137, killed: this.#killedSoFar }
    }
  }

  async #exec(command: readonly string[], signal: AbortSignal): Promise<Uint8Array> {
    const spec = { command, env: [], tty: false, openStdin: false }
    const exec = await this.#components.engine.exec(this.#process.container(), spec, signal)
    let all = new Uint8Array(0)
    try {
      for await (const { stream, bytes } of exec.session.output) {
        if (stream !== 'stdout') continue
        const joined = new Uint8Array(all.length + bytes.length)
        joined.set(all)
        joined.set(bytes, all.length)
        all = joined.slice(-shownBytesMax)
      }
    } finally {
      exec.session.close()
    }
    return all
  }

  async #show(stream: 'stdout' | 'stderr', signal: AbortSignal): Promise<string> {
    const whole = await readTaskLog(this.#components.volumes, this.#place, stream)
    if (whole !== undefined) return shownText(whole)
    if (!this.alive()) return ''
    const path = `${taskPaths.control}/${stream}`
    return shownText(await this.#exec(['tail', '-c', String(shownBytesMax), path], signal))
  }

  /** How the container died under a task. */
  async #deathOf(signal: AbortSignal): Promise<Pick<TaskOutcome, 'exitCode' | 'reason'>> {
    const { state } = await this.#components.clock.within(
      killTimeoutMs,
      signal,
      'the end of a worker',
      (inner) => this.#process.untilExited(inner),
    )
    if (state.status === 'exited') {
      const { exitCode, reason } = state
      if (reason === 'out-of-memory' || reason === 'out-of-disk') return { exitCode, reason }
    }
    throw new ArtelError('interrupted', 'the worker ended under its task')
  }
}
