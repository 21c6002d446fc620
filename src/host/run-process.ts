import { ArtelError, toArtelError } from '#core/errors'
import { formatBytes } from '#core/resources'
import type { RunExit } from '#core/run'
import { createSerial, type Serial } from '#core/serial'
import type { Clock } from '#ports/clock'
import type { Engine, EngineContainer, EngineSession, OutputChunk } from '#ports/engine'
import type { Log } from '#ports/log'
import type { Spools } from '#ports/spools'
import type { HostLease, HostRun } from '#protocol/host-records'
import { orAborted } from './abortable.ts'
import { type Background, createBackground } from './background.ts'
import { spoolName } from './labels.ts'
import { createOutputLog, type OutputLog } from './output-log.ts'
import { plainTar } from './plain-tar.ts'
import { exitOf, exitOfStart, type Intervention } from './run-exit.ts'
import { createRunInput, type RunInput } from './run-input.ts'
import { expectRun, type RunStore } from './run-store.ts'
import { watchDisk, watchTimeout } from './run-watchdog.ts'

export type ProcessComponents = {
  readonly clock: Clock
  readonly engine: Engine
  readonly log: Log
  readonly spools: Spools
  readonly runs: RunStore
}

export type ProcessOptions = {
  readonly lease: HostLease
  readonly run: HostRun['run']
  readonly spoolBytesMax: number
  /** One after the other, searches for a place in output. */
  readonly scans: Serial
  /** Bytes of the lease's disk that its other containers take. */
  readonly otherBytes: () => number
}

/** Someone who hears a process in place of its output log. */
export type OutputTap = {
  readonly onChunk: (chunk: OutputChunk) => void
  /** The process says nothing more. */
  readonly onEnd: () => void
}

const retryEngineMs = 1_000

/** How long a removed container's last output may take to be stored. */
const drainMs = 2_000

const hasBegun = ({ state }: HostRun): boolean =>
  state.status === 'running' || state.status === 'exited'

/** One run's container and everything that lives as long as it does. */
export class RunProcess {
  readonly input: RunInput
  readonly #components: ProcessComponents
  readonly #options: ProcessOptions
  readonly #life: Background
  readonly #serial = createSerial()
  #intervention: Intervention | undefined
  #output: Promise<OutputLog> | undefined
  #session: EngineSession | undefined
  #tap: OutputTap | undefined
  #layerBytes = 0
  #pumping: Promise<void> = Promise.resolve()

  constructor(components: ProcessComponents, options: ProcessOptions) {
    this.#components = components
    this.#options = options
    this.#life = createBackground(components.log)
    const { stdinBytes, stdinClosed } = this.record()
    this.input = createRunInput({
      initial: { bytes: stdinBytes, closed: stdinClosed },
      onProgress: ({ bytes, closed }) =>
        this.#saveLazily({ stdinBytes: bytes, stdinClosed: closed }),
      untilRunning: async (signal) => {
        const { state } = await this.#until(hasBegun, signal)
        if (state.status === 'exited') throw new ArtelError('conflict', 'the run has ended')
      },
    })
  }

  record(): HostRun {
    return expectRun(this.#components.runs, this.#options.lease.id, this.#options.run)
  }

  /** Bytes of its layer when last measured. */
  layerBytes(): number {
    return this.#layerBytes
  }

  /** The first reason that is given explains how the run ended. */
  intervene(why: Intervention): void {
    this.#intervention ??= why
  }

  /** The id of its container; 'conflict' before there is one. */
  container(): string {
    const { container } = this.record()
    if (container === undefined) {
      throw new ArtelError('conflict', `run ${this.#options.run} has no container yet`)
    }
    return container
  }

  /** Starts the container once; the state says when that failed for a reason of the run's own. */
  start(signal: AbortSignal): Promise<HostRun> {
    return this.#serial(async () => {
      const { clock, engine } = this.#components
      if (this.record().state.status !== 'created') return this.record()
      const session = await this.#attach()
      try {
        await engine.start(this.container(), signal)
      } catch (error) {
        session.close()
        const exit = exitOfStart(toArtelError(error), clock.nowMs())
        if (exit === undefined) throw error
        return this.#finish(exit)
      }
      const startedAtMs = clock.nowMs()
      const saved = this.#save({ state: { status: 'running', startedAtMs } })
      this.#watch(startedAtMs)
      return saved
    })
  }

  /** Takes up the container that an earlier life of this node left, or notes that there is none. */
  adopt(found: EngineContainer | undefined, signal: AbortSignal): Promise<void> {
    return this.#serial(async () => {
      const { state } = this.record()
      if (state.status === 'exited') return
      if (found === undefined) {
        if (state.status !== 'preparing') this.#lost()
        return
      }
      this.#save({ container: found.id })
      if (found.state.status === 'created') {
        this.#save({ state: { status: 'created' } })
        return
      }
      const { clock, engine } = this.#components
      const startedAtMs = state.status === 'running' ? state.startedAtMs : clock.nowMs()
      this.#save({ state: { status: 'running', startedAtMs } })
      if (found.state.status === 'paused') await engine.resume(found.id, signal)
      if (found.state.status === 'exited') await (await this.output()).close()
      else await this.#attach()
      this.#watch(startedAtMs)
    })
  }

  async stop(graceSeconds: number, signal: AbortSignal): Promise<HostRun> {
    if (this.record().state.status !== 'running') return this.record()
    await this.#components.engine.stop(this.container(), graceSeconds, signal)
    return this.untilExited(signal)
  }

  async kill(name: string, signal: AbortSignal): Promise<void> {
    this.expectRunning()
    await this.#components.engine.kill(this.container(), name, signal)
  }

  /** Throws 'conflict' unless the run is running. */
  expectRunning(): void {
    if (this.record().state.status !== 'running') {
      throw new ArtelError('conflict', `run ${this.#options.run} is not running`)
    }
  }

  /**
   * Unpacks a tar into a directory of its container, whether or not it runs. Throws 'out-of-disk' where the
   * lease's disk does not hold it.
   */
  async putArchive(
    path: string,
    tar: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine } = this.#components
    const container = this.container()
    // While it runs, whoever watches its disk measures; else nobody does.
    if (this.record().state.status !== 'running') {
      this.#layerBytes = await engine.layerBytes(container, signal)
    }
    await engine.putArchive(container, path, this.#withinDisk(plainTar(tar)), signal)
  }

  /** What it has said so far and will say. */
  output(): Promise<OutputLog> {
    this.#output ??= this.#openOutput()
    return this.#output
  }

  /** Hands what the process says to `tap` instead of its log. */
  listen(tap: OutputTap): void {
    this.#tap = tap
  }

  /** Writes to the process, past the numbered input of tenants. */
  async send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#session === undefined) throw new ArtelError('conflict', 'the run is not attached')
    await this.#session.write(bytes, signal)
  }

  /** Lets go of the container: ends all that watches it, not the container itself. */
  release(): Promise<void> {
    return this.#life.stop()
  }

  /** As `release`, for a container that is removed: what it said before is kept, and nothing follows. */
  async close(signal: AbortSignal): Promise<void> {
    const pumping = this.#pumping
    await this.#components.clock
      .within(drainMs, signal, 'the rest of the output', (inner) => orAborted(pumping, inner))
      .catch((error: unknown) => {
        if (toArtelError(error).code !== 'timeout') throw error
      })
    await this.#life.stop()
    await this.#closeOutput()
  }

  /** Counts what comes as written until it is measured, so that calls at the same time share the room. */
  async *#withinDisk(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { lease, otherBytes } = this.#options
    const { diskBytes } = lease.requirements.resources
    for await (const chunk of source) {
      this.#layerBytes += chunk.length
      if (this.#layerBytes + otherBytes() > diskBytes) {
        throw new ArtelError('out-of-disk', `the lease has ${formatBytes(diskBytes)} of disk`)
      }
      yield chunk
    }
  }

  #save(change: Partial<HostRun>): HostRun {
    return this.#components.runs.put({ ...this.record(), ...change })
  }

  #saveLazily(change: Partial<HostRun>): void {
    this.#components.runs.putLazily({ ...this.record(), ...change })
  }

  /** Waits until it has exited. */
  untilExited(signal: AbortSignal): Promise<HostRun> {
    return this.#until(({ state }) => state.status === 'exited', signal)
  }

  async #until(holds: (run: HostRun) => boolean, signal: AbortSignal): Promise<HostRun> {
    const { notice } = this.#components.runs
    for (;;) {
      const seen = notice.version()
      const record = this.record()
      if (holds(record)) return record
      await notice.changed(seen, signal)
    }
  }

  async #openOutput(): Promise<OutputLog> {
    const { clock, spools } = this.#components
    const { lease, run, scans, spoolBytesMax: bytesMax } = this.#options
    const spool = await spools.open(spoolName(lease.id, run), bytesMax)
    return createOutputLog({ clock, scans, spool }, { bytesMax, hold: this.record().holdOutput })
  }

  async #attach(): Promise<EngineSession> {
    const { openStdin } = this.record().spec
    const { signal } = this.#life
    const session = await this.#components.engine.attach(this.container(), openStdin, signal)
    this.#session = session
    if (openStdin) this.input.connect(session)
    const pumping = this.#pump(session, signal)
    this.#pumping = pumping.catch(() => undefined)
    this.#life.spawn('reading the output of a run', () => pumping)
    return session
  }

  async #pump(session: EngineSession, signal: AbortSignal): Promise<void> {
    const tap = this.#tap
    try {
      if (tap !== undefined) {
        for await (const chunk of session.output) tap.onChunk(chunk)
        return
      }
      const output = await this.output()
      for await (const chunk of session.output) await output.append(chunk, signal)
    } finally {
      session.close()
      tap?.onEnd()
      // A host that stops leaves the log open: its next life appends to it.
      if (!signal.aborted) await this.#closeOutput()
    }
  }

  async #closeOutput(): Promise<void> {
    if (this.#tap === undefined) await (await this.output()).close()
  }

  #watch(startedAtMs: number): void {
    const ended = new AbortController()
    const watched = {
      container: this.container(),
      spec: this.record().spec,
      diskBytes: this.#options.lease.requirements.resources.diskBytes,
      startedAtMs,
      otherBytes: this.#options.otherBytes,
      onMeasured: (bytes: number) => {
        this.#layerBytes = bytes
      },
      intervene: (why: Intervention) => this.intervene(why),
    }
    const whileItRuns = (work: typeof watchTimeout) => async (signal: AbortSignal) => {
      try {
        await work(this.#components, watched, AbortSignal.any([signal, ended.signal]))
      } catch (error) {
        if (!ended.signal.aborted) throw error
      }
    }
    this.#life.spawn('watching the disk of a run', whileItRuns(watchDisk))
    this.#life.spawn('watching the time of a run', whileItRuns(watchTimeout))
    this.#life.spawn('waiting for a run', async (signal) => {
      const exit = await this.#awaitExit(watched.container, signal)
      ended.abort()
      this.#finish(exit)
    })
  }

  async #awaitExit(id: string, signal: AbortSignal): Promise<RunExit> {
    const { clock, engine, log } = this.#components
    for (;;) {
      try {
        const state = await engine.wait(id, signal)
        const { memoryBytes } = this.#options.lease.requirements.resources
        return exitOf(state, memoryBytes, this.#intervention)
      } catch (error) {
        signal.throwIfAborted()
        const { code, message } = toArtelError(error)
        if (code === 'not-found') return this.#removedExit()
        log.warn('waiting for a container failed', { run: this.#options.run, code, message })
        await clock.sleep(retryEngineMs, signal)
      }
    }
  }

  #removedExit(): RunExit {
    const why = { reason: 'interrupted', message: 'the container was removed' } as const
    const finishedAtMs = this.#components.clock.nowMs()
    return { exitCode: 125, finishedAtMs, ...(this.#intervention ?? why) }
  }

  #lost(): void {
    const message = 'the container was lost while the host was down'
    const finishedAtMs = this.#components.clock.nowMs()
    this.#finish({ exitCode: 125, finishedAtMs, reason: 'interrupted', message })
  }

  #finish(exit: RunExit): HostRun {
    const { state } = this.record()
    const started = state.status === 'running' ? { startedAtMs: state.startedAtMs } : {}
    return this.#save({ state: { status: 'exited', ...started, ...exit } })
  }
}
