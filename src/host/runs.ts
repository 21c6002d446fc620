import { ArtelError } from '#core/errors'
import type { Address, LeaseId, RunId } from '#core/ids'
import type { RunSpec } from '#core/manifest'
import { isFilePath } from '#core/output-path'
import { createSerial, type Serial } from '#core/serial'
import type { Clock } from '#ports/clock'
import type { ContainerSpec, Engine, EngineImage } from '#ports/engine'
import type { Log } from '#ports/log'
import type { Spools } from '#ports/spools'
import type { Volumes } from '#ports/volumes'
import { canonicalJson } from '#protocol/canonical'
import type { HostLease, HostRun } from '#protocol/host-records'
import { makeDirectories } from './archives.ts'
import { type ContainerDefaults, containerSpec } from './container-spec.ts'
import { createAnew } from './create-anew.ts'
import { mountImageVolumes, openPaths } from './image-volumes.ts'
import type { Images } from './images.ts'
import { containerName, labelKeys, nodeLabel, ownPrefix, spoolName, volumeId } from './labels.ts'
import type { Networks } from './networks.ts'
import { RunProcess } from './run-process.ts'
import { expectRun, type RunStore } from './run-store.ts'
import { specBytes, specBytesPerLeaseMax } from './spec-bytes.ts'

export type RunsComponents = {
  readonly clock: Clock
  readonly engine: Engine
  readonly images: Images
  readonly log: Log
  readonly networks: Networks
  readonly runs: RunStore
  readonly spools: Spools
  readonly volumes: Volumes
}

export type RunsOptions = {
  readonly node: Address
  readonly container: ContainerDefaults
  /** Whether this machine has GPUs that must be kept from a lease without one. */
  readonly hidesGpus: () => boolean
  /** Output that is kept of a run. */
  readonly spoolBytesMax: number
  readonly runsPerLeaseMax: number
}

export type CreateRun = {
  readonly run: RunId
  readonly kind: HostRun['kind']
  readonly spec: RunSpec
  readonly holdOutput: boolean
  /** What the run's volume takes of the lease's disk. */
  readonly volumeBytes?: number
  readonly mounts?: ContainerSpec['mounts']
}

/** How long a program has to end when its lease does. */
const endGraceSeconds = 5

/** The runs of all leases: made, found again after a restart, and removed. */
export class Runs {
  readonly #components: RunsComponents
  readonly #options: RunsOptions
  readonly #processes = new Map<string, RunProcess>()
  readonly #serials = new Map<LeaseId, Serial>()
  readonly #scans = createSerial()
  /** The runs whose work goes on in other containers than their own. */
  readonly #outside = new Map<LeaseId, RunId>()

  constructor(components: RunsComponents, options: RunsOptions) {
    this.#components = components
    this.#options = options
  }

  /** The run's process; 'not-found' when there is no such run. */
  process(lease: HostLease, run: RunId): RunProcess {
    expectRun(this.#components.runs, lease.id, run)
    const key = `${lease.id}/${run}`
    const present = this.#processes.get(key)
    if (present !== undefined) return present
    const made = new RunProcess(this.#components, {
      lease,
      run,
      spoolBytesMax: this.#options.spoolBytesMax,
      scans: this.#scans,
      otherBytes: () => this.#otherBytes(lease.id, run),
    })
    this.#processes.set(key, made)
    return made
  }

  /** Makes the run's container. The same request again changes nothing; another one is a 'conflict'. */
  create(lease: HostLease, request: CreateRun, signal: AbortSignal): Promise<RunProcess> {
    return this.#serial(lease.id)(async () => {
      const { clock, runs } = this.#components
      const present = runs.get(lease.id, request.run)
      if (present === undefined) {
        this.#refuseTooMany(lease.id)
        runs.put({
          lease: lease.id,
          run: request.run,
          kind: request.kind,
          spec: request.spec,
          holdOutput: request.holdOutput,
          volumeBytes: request.volumeBytes ?? 0,
          state: { status: 'preparing' },
          createdAtMs: clock.nowMs(),
          inputsDone: [],
          stdinBytes: 0,
          stdinClosed: false,
        })
      } else if (!isSame(present, request)) {
        throw new ArtelError('conflict', `run ${request.run} exists with another specification`)
      }
      const process = this.process(lease, request.run)
      if (process.record().state.status === 'preparing') {
        await this.#makeContainer(lease, request, process, signal)
      }
      return process
    })
  }

  /** Starts a run; a lease runs one at a time, on all that was leased. */
  start(lease: HostLease, run: RunId, signal: AbortSignal): Promise<HostRun> {
    return this.#serial(lease.id)(async () => {
      const process = this.process(lease, run)
      const { state, spec, inputsDone } = process.record()
      if (state.status === 'preparing') throw new ArtelError('conflict', `run ${run} is not ready`)
      if (state.status !== 'created') return process.record()
      const missing = spec.inputs.find(({ target }) => !inputsDone.includes(target))
      if (missing !== undefined) {
        throw new ArtelError('conflict', `the input ${missing.target} has not arrived`)
      }
      this.#refuseSecond(lease.id, run)
      return process.start(signal)
    })
  }

  /** Does the work of a run in another container than its own; until it is done nothing else runs on the lease. */
  async outside<T>(lease: LeaseId, run: RunId, work: () => Promise<T>): Promise<T> {
    await this.#serial(lease)(async () => {
      this.#refuseSecond(lease, run)
      this.#outside.set(lease, run)
    })
    try {
      return await work()
    } finally {
      this.#outside.delete(lease)
    }
  }

  /** Unpacks a tar into a directory of a container that has not started; makes the directory. */
  async putInput(
    lease: HostLease,
    request: { readonly run: RunId; readonly target: string },
    tar: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const { runs } = this.#components
    const process = this.process(lease, request.run)
    if (process.record().state.status !== 'created') {
      throw new ArtelError('conflict', `run ${request.run} takes inputs only before it starts`)
    }
    await makeDirectories(this.#components, process.container(), request.target, signal)
    await process.putArchive(request.target, tar, signal)
    const record = process.record()
    runs.put({ ...record, inputsDone: [...new Set([...record.inputsDone, request.target])] })
  }

  /** Removes a run with all that it left; a running one is killed. Idempotent. */
  remove(lease: LeaseId, run: RunId, signal: AbortSignal): Promise<void> {
    return this.#serial(lease)(async () => {
      await this.#removeContainers(lease, run, signal)
      await this.#forget(lease, run, signal)
    })
  }

  /** Ends all runs of a lease and removes their containers; their output stays until `forgetLease`. */
  async endLease(lease: HostLease, reason: string, signal: AbortSignal): Promise<void> {
    const { runs } = this.#components
    await this.#serial(lease.id)(async () => {
      const running = runs.ofLease(lease.id).filter(({ state }) => state.status === 'running')
      await Promise.all(
        running.map(async ({ run, kind }) => {
          const process = this.process(lease, run)
          process.intervene({ reason: 'lease-ended', message: reason })
          // A worker between two tasks has nothing to put in order, and whoever waits for its room need not wait.
          await process.stop(kind === 'worker' ? 0 : endGraceSeconds, signal)
        }),
      )
      for (const { run, state } of runs.ofLease(lease.id)) {
        await this.#removeContainers(lease.id, run, signal)
        if (state.status === 'created' || state.status === 'preparing') {
          await this.#forget(lease.id, run, signal)
        }
      }
    })
  }

  /** Removes what `endLease` kept. */
  async forgetLease(lease: LeaseId, signal: AbortSignal): Promise<void> {
    for (const { run } of this.#components.runs.ofLease(lease))
      await this.#forget(lease, run, signal)
    this.#serials.delete(lease)
  }

  /** Takes up the containers of `live` leases, and removes whatever else earlier lives of this node left. */
  async adopt(live: ReadonlyMap<LeaseId, HostLease>, signal: AbortSignal): Promise<void> {
    const { engine, log, runs } = this.#components
    const found = await engine.list(nodeLabel(this.#options.node), signal)
    const adopted = new Set<string>()
    for (const record of runs.all()) {
      const lease = live.get(record.lease)
      if (lease === undefined) continue
      if (record.kind === 'worker') {
        // Its input broke off with the node's last life: the tenant makes it anew.
        await this.remove(record.lease, record.run, signal)
        continue
      }
      const name = containerName(record.lease, record.run)
      const container = found.find((one) => one.name === name)
      if (container !== undefined) adopted.add(container.id)
      await this.process(lease, record.run).adopt(container, signal)
    }
    for (const container of found) {
      if (adopted.has(container.id)) continue
      log.info('removing a container without a lease', { name: container.name })
      await engine.remove(container.id, signal)
    }
    await this.#sweepFiles(signal)
  }

  /** Lets go of all containers: they go on without this process. */
  async release(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.release()))
  }

  #serial(lease: LeaseId): Serial {
    const serial = this.#serials.get(lease) ?? createSerial()
    this.#serials.set(lease, serial)
    return serial
  }

  /** What all but this run's own layer takes of the lease's disk. */
  #otherBytes(lease: LeaseId, run: RunId): number {
    const layerOf = (one: HostRun): number =>
      one.run === run ? 0 : (this.#processes.get(`${lease}/${one.run}`)?.layerBytes() ?? 0)
    return this.#components.runs
      .ofLease(lease)
      .reduce((sum, one) => sum + one.volumeBytes + layerOf(one), 0)
  }

  #refuseTooMany(lease: LeaseId): void {
    const { runsPerLeaseMax } = this.#options
    const present = this.#components.runs.ofLease(lease)
    const bytes = present.reduce((sum, run) => sum + specBytes(run.spec), 0)
    if (present.length < runsPerLeaseMax && bytes < specBytesPerLeaseMax) return
    throw new ArtelError(
      'busy',
      `a lease keeps at most ${runsPerLeaseMax} runs, fewer of long ones`,
      {
        hint: 'remove runs that have ended',
      },
    )
  }

  #refuseSecond(lease: LeaseId, run: RunId): void {
    const running = this.#components.runs
      .ofLease(lease)
      .find((one) => one.run !== run && one.state.status === 'running')
    const other = this.#outside.get(lease) ?? running?.run
    if (other === undefined) return
    throw new ArtelError('busy', `run ${other} is using the lease`, {
      hint: 'wait for it, stop it, or take another lease',
    })
  }

  async #makeContainer(
    lease: HostLease,
    request: CreateRun,
    process: RunProcess,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, images, networks, runs } = this.#components
    const image = await images.find(request.spec.image, signal)
    if (image === undefined) {
      throw new ArtelError('image-not-found', `the host has no ${request.spec.image.reference}`)
    }
    const egress = lease.requirements.network === 'egress'
    const network = egress ? await networks.ensure(lease.id, signal) : 'none'
    const spec = containerSpec(
      {
        node: this.#options.node,
        lease: lease.id,
        run: request.run,
        requirements: lease.requirements,
        spec: request.spec,
        image: image.id,
        gpuIds: lease.gpuIds,
        hidesGpus: this.#options.hidesGpus(),
        network,
        ...(request.mounts === undefined ? {} : { mounts: request.mounts }),
      },
      this.#options.container,
    )
    const mounts = await this.#mountImageVolumes(lease, process, spec, image, signal)
    const whole = { ...spec, mounts: [...spec.mounts, ...mounts] }
    const container = await createAnew(engine, whole, signal)
    await this.#makeOutputs(container, request.spec.outputs, signal)
    runs.put({ ...process.record(), container, state: { status: 'created' } })
  }

  /** Folders that a program leaves its outputs in, writable for whichever user it runs as. */
  async #makeOutputs(
    container: string,
    outputs: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const path of outputs) {
      if (isFilePath(path)) continue
      await makeDirectories(this.#components, container, path, signal, 0o1777)
    }
  }

  /** An engine would give an image's own volumes all the disk there is: here they share the lease's. */
  async #mountImageVolumes(
    lease: HostLease,
    process: RunProcess,
    spec: ContainerSpec,
    image: EngineImage,
    signal: AbortSignal,
  ): Promise<ContainerSpec['mounts']> {
    const { runs, volumes } = this.#components
    const paths = openPaths(image.volumes, spec.mounts)
    if (paths.length === 0) return []
    const record = process.record()
    const id = volumeId(lease.id, record.run)
    const half = Math.floor(lease.requirements.resources.diskBytes / 2)
    const sizeBytes = record.volumeBytes > 0 ? record.volumeBytes : half
    if (record.volumeBytes === 0) {
      if (this.#otherBytes(lease.id, record.run) + sizeBytes > 2 * half) {
        throw new ArtelError('out-of-disk', 'other runs take the disk of the lease', {
          hint: 'remove runs that have ended',
        })
      }
      await volumes.remove(id, signal)
      runs.put({ ...record, volumeBytes: sizeBytes })
    }
    const volume = (await volumes.open(id)) ?? (await volumes.create(id, sizeBytes, signal))
    return mountImageVolumes(this.#components, spec, paths, { volume, sizeBytes }, signal)
  }

  async #removeContainers(lease: LeaseId, run: RunId, signal: AbortSignal): Promise<void> {
    const { engine } = this.#components
    const found = await engine.list(`${labelKeys.run}=${run}`, signal)
    for (const container of found) {
      if (container.labels[labelKeys.lease] === lease) await engine.remove(container.id, signal)
    }
    await this.#processes.get(`${lease}/${run}`)?.close(signal)
    const record = this.#components.runs.get(lease, run)
    if (record?.state.status === 'running') this.#noteKilled(record)
  }

  /** A run whose container was removed under it has ended, though nobody waits for it any more. */
  #noteKilled(record: HostRun): void {
    const { clock, runs } = this.#components
    const exit = { exitCode: 137, finishedAtMs: clock.nowMs(), reason: 'killed' } as const
    runs.put({ ...record, state: { status: 'exited', ...exit } })
  }

  async #forget(lease: LeaseId, run: RunId, signal: AbortSignal): Promise<void> {
    const { runs, spools, volumes } = this.#components
    const key = `${lease}/${run}`
    await this.#processes.get(key)?.release()
    this.#processes.delete(key)
    await volumes.remove(volumeId(lease, run), signal)
    await spools.remove(spoolName(lease, run))
    runs.remove(lease, run)
  }

  /** Spools and volumes of runs that nobody knows any more. */
  async #sweepFiles(signal: AbortSignal): Promise<void> {
    const { runs, spools, volumes } = this.#components
    const known = new Set(runs.all().flatMap((one) => [spoolName(one.lease, one.run)]))
    const isOrphan = (name: string): boolean => name.startsWith(ownPrefix) && !known.has(name)
    for (const name of (await spools.names()).filter(isOrphan)) await spools.remove(name)
    for (const id of (await volumes.ids()).filter(isOrphan)) await volumes.remove(id, signal)
  }
}

const isSame = (record: HostRun, request: CreateRun): boolean =>
  record.kind === request.kind &&
  record.holdOutput === request.holdOutput &&
  specText(record.spec) === specText(request.spec)

const specText = (spec: RunSpec): string => canonicalJson(JSON.parse(JSON.stringify(spec)))
