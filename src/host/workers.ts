import { ArtelError, toArtelError } from '#core/errors'
import type { LeaseId, RunId } from '#core/ids'
import type { RunSpec } from '#core/manifest'
import { createSerial, type Serial } from '#core/serial'
import type { Log } from '#ports/log'
import { canonicalJson } from '#protocol/canonical'
import type { HostLease } from '#protocol/host-records'
import type { BodyPart } from '#protocol/peer/call'
import { containerSpec } from './container-spec.ts'
import type { Images } from './images.ts'
import { volumeId } from './labels.ts'
import type { Networks } from './networks.ts'
import type { RunStore } from './run-store.ts'
import type { Runs, RunsOptions } from './runs.ts'
import { ShellWorker, type Task, type TaskOutcome, type WorkerComponents } from './shell-worker.ts'
import { runTaskContainer } from './task-container.ts'
import { runnerScript } from './task-script.ts'
import {
  clearTaskPlace,
  makeTaskPlace,
  outputDirectory,
  type TaskPart,
  type TaskPlace,
  taskMounts,
  taskParts,
} from './task-volume.ts'

export type WorkersComponents = WorkerComponents & {
  readonly images: Images
  readonly log: Log
  readonly networks: Networks
  readonly runs: Runs
  readonly runStore: RunStore
}

export type TaskAnswer = {
  readonly result: TaskOutcome & { readonly hasOutput: boolean }
  /** A tar of what the task left in `/out`; when it has ended the worker takes the next task. */
  readonly body: AsyncIterable<BodyPart>
}

type Worker = {
  readonly lease: HostLease
  readonly run: RunId
  readonly spec: RunSpec
  readonly place: TaskPlace
  /** Absent for an image without a shell: each task gets a container. */
  shell: ShellWorker | undefined
  busy: boolean
  tasks: number
}

/** The least that a task's input and output may take together. */
const volumeBytesMin = 16 * 1024 * 1024

/** Warm containers that run tasks of a `map`, one at a time each. */
export class Workers {
  readonly #components: WorkersComponents
  readonly #options: RunsOptions
  readonly #workers = new Map<string, Worker>()
  readonly #serials = new Map<LeaseId, Serial>()

  constructor(components: WorkersComponents, options: RunsOptions) {
    this.#components = components
    this.#options = options
  }

  /** Makes a worker, or finds the one that was made for the same specification. Says whether it has a shell. */
  create(lease: HostLease, run: RunId, spec: RunSpec, signal: AbortSignal): Promise<boolean> {
    return this.#serial(lease.id)(async () => {
      const present = this.#workers.get(`${lease.id}/${run}`)
      if (present !== undefined && !isSame(present.spec, spec)) {
        throw new ArtelError('conflict', `worker ${run} exists with another specification`)
      }
      const worker = present !== undefined && usable(present) ? present : undefined
      const made = worker ?? (await this.#make(lease, run, spec, signal))
      return made.shell !== undefined
    })
  }

  /** Runs one task; 'busy' while another one runs, 'not-found' when the worker must be made first. */
  async runTask(
    lease: HostLease,
    run: RunId,
    task: Task,
    signal: AbortSignal,
  ): Promise<TaskAnswer> {
    const found = this.#workers.get(`${lease.id}/${run}`)
    if (found === undefined) throw new ArtelError('not-found', `no worker ${run} on this lease`)
    if (found.busy) throw new ArtelError('busy', `worker ${run} runs another task`)
    found.busy = true
    try {
      const worker = usable(found) ? found : await this.#remake(found, signal)
      const outcome = await this.#perform(worker, task, signal)
      const { volumes } = this.#components
      const directory = outputDirectory(worker.place)
      const hasOutput = await volumes.holdsAnything(worker.place.volume, directory)
      // Most tasks leave little: what was not touched need not be emptied. The logs are written anew.
      const used: TaskPart[] = [
        ...(task.input === undefined ? [] : (['input'] as const)),
        ...(hasOutput ? (['output'] as const) : []),
      ]
      return { result: { ...outcome, hasOutput }, body: this.#collect(worker, used, signal) }
    } catch (error) {
      await this.#free(found, taskParts)
      throw error
    }
  }

  /** Forgets the workers of a lease; their containers and volumes go with its runs. */
  forget(lease: LeaseId, run?: RunId): void {
    for (const [key, worker] of this.#workers) {
      if (worker.lease.id === lease && (run === undefined || worker.run === run)) {
        this.#workers.delete(key)
      }
    }
    if (run === undefined) this.#serials.delete(lease)
  }

  /** One lease's slow images hold up no other lease. */
  #serial(lease: LeaseId): Serial {
    const serial = this.#serials.get(lease) ?? createSerial()
    this.#serials.set(lease, serial)
    return serial
  }

  /** The task's output. Frees the worker when it has been read or left, or when the call is over. */
  #collect(
    worker: Worker,
    used: readonly TaskPart[],
    signal: AbortSignal,
  ): AsyncIterable<BodyPart> {
    const { log, volumes } = this.#components
    let freeing: Promise<void> | undefined
    const free = (): Promise<void> => {
      freeing ??= this.#free(worker, used)
      return freeing
    }
    // A body that nobody begins to read has no end of its own.
    const onOver = (): void => {
      free().catch((error: unknown) => {
        log.warn('cleaning up after a task failed', { message: toArtelError(error).message })
      })
    }
    if (signal.aborted) onOver()
    else signal.addEventListener('abort', onOver, { once: true })
    return (async function* () {
      try {
        if (!used.includes('output')) return
        const directory = outputDirectory(worker.place)
        for await (const bytes of volumes.pack(worker.place.volume, directory, signal)) {
          yield { kind: 'data', bytes } as const
        }
      } finally {
        signal.removeEventListener('abort', onOver)
        await free()
      }
    })()
  }

  /** Cleans up after a task and lets the next one in. */
  async #free(worker: Worker, used: readonly TaskPart[]): Promise<void> {
    try {
      if (this.#workers.has(`${worker.lease.id}/${worker.run}`)) {
        await clearTaskPlace(this.#components.volumes, worker.place, used)
      }
    } finally {
      const current = this.#workers.get(`${worker.lease.id}/${worker.run}`)
      if (current !== undefined) current.busy = false
      worker.busy = false
    }
  }

  #perform(worker: Worker, task: Task, signal: AbortSignal): Promise<TaskOutcome> {
    if (worker.shell !== undefined) return worker.shell.run(task, signal)
    return this.#runAlone(worker, task, signal)
  }

  async #runAlone(worker: Worker, task: Task, signal: AbortSignal): Promise<TaskOutcome> {
    const { images, networks } = this.#components
    const { lease, run, spec, place } = worker
    const image = await images.find(spec.image, signal)
    if (image === undefined) throw new ArtelError('image-not-found', 'the image is gone')
    const egress = lease.requirements.network === 'egress'
    worker.tasks += 1
    const container = containerSpec(
      {
        node: this.#options.node,
        lease: lease.id,
        run,
        requirements: lease.requirements,
        spec: { ...spec, entrypoint: task.command, command: [], openStdin: false },
        image: image.id,
        gpuIds: lease.gpuIds,
        hidesGpus: this.#options.hidesGpus(),
        network: egress ? await networks.ensure(lease.id, signal) : 'none',
        mounts: taskMounts(place),
        suffix: String(worker.tasks),
      },
      this.#options.container,
    )
    const diskBytes = lease.requirements.resources.diskBytes - volumeBytesOf(lease)
    const components = { ...this.#components, diskBytes }
    return this.#components.runs.outside(lease.id, run, () =>
      runTaskContainer(components, container, place, task, signal),
    )
  }

  async #remake(worker: Worker, signal: AbortSignal): Promise<Worker> {
    const { lease, run, spec } = worker
    const made = await this.#serial(lease.id)(() => this.#make(lease, run, spec, signal))
    made.busy = true
    return made
  }

  async #make(lease: HostLease, run: RunId, spec: RunSpec, signal: AbortSignal): Promise<Worker> {
    const { runs } = this.#components
    await runs.remove(lease.id, run, signal)
    const sizeBytes = volumeBytesOf(lease)
    if (sizeBytes < volumeBytesMin) {
      throw new ArtelError('refused', 'tasks need a lease with at least 32 MiB of disk')
    }
    const place = await this.#makePlace(lease, run, sizeBytes, signal)
    const request = {
      run,
      kind: 'worker',
      spec: runnerSpec(spec),
      holdOutput: false,
      volumeBytes: sizeBytes,
      mounts: taskMounts(place),
    } as const
    const process = await runs.create(lease, request, signal)
    const shell = new ShellWorker(this.#components, process, place)
    const { state } = await runs.start(lease, run, signal)
    const worker: Worker = { lease, run, spec, place, shell, busy: false, tasks: 0 }
    if (state.status === 'exited') {
      if (state.exitCode !== 127 && state.exitCode !== 126) {
        throw new ArtelError('internal', state.message ?? 'the worker did not start')
      }
      worker.shell = undefined
    }
    this.#workers.set(`${lease.id}/${run}`, worker)
    return worker
  }

  async #makePlace(
    lease: HostLease,
    run: RunId,
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<TaskPlace> {
    const { volumes } = this.#components
    const volume = await volumes.create(volumeId(lease.id, run), sizeBytes, signal)
    const place = { volume, base: '' }
    await makeTaskPlace(volumes, place)
    return place
  }
}

/** What a worker's input and output take of the lease's disk at most. */
const volumeBytesOf = (lease: HostLease): number =>
  Math.floor(lease.requirements.resources.diskBytes / 2)

const usable = (worker: Worker): boolean => worker.shell === undefined || worker.shell.alive()

const isSame = (a: RunSpec, b: RunSpec): boolean => textOf(a) === textOf(b)
const textOf = (spec: RunSpec): string => canonicalJson(JSON.parse(JSON.stringify(spec)))

const runnerSpec = (spec: RunSpec): RunSpec => {
  const { timeoutSeconds: _, ...rest } = spec
  return {
    ...rest,
    entrypoint: ['sh', '-c', runnerScript],
    command: [],
    tty: false,
    openStdin: true,
    inputs: [],
    outputs: [],
    stopGraceSeconds: 0,
  }
}
