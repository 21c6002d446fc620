/** What a host builds from a lease; nothing of a tenant's request gets in unfiltered. */
export type ContainerSpec = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** An image id or digest reference that the engine holds. */
  readonly image: string
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly env: readonly string[]
  readonly workdir?: string
  readonly user?: string
  readonly hostname?: string
  readonly tty: boolean
  readonly openStdin: boolean
  readonly runtime?: string
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly pidsMax: number
  readonly shmBytes: number
  readonly filesMax: number
  readonly capabilities: readonly string[]
  readonly readonlyRootfs: boolean
  /** A network's name, or 'none'. */
  readonly network: string
  readonly mounts: readonly {
    readonly source: string
    readonly target: string
    readonly readonly: boolean
  }[]
  readonly tmpfs: readonly { readonly target: string; readonly sizeBytes: number }[]
  /** Device ids of GPUs, empty for none. */
  readonly gpuIds: readonly string[]
  readonly dns: readonly string[]
}

export type EngineImage = {
  /** Config digest, `sha256:...`. */
  readonly id: string
  /** Manifest digests under which a registry served it, `name@sha256:...`. */
  readonly repoDigests: readonly string[]
  readonly tags: readonly string[]
  readonly arch: string
  readonly os: string
  readonly sizeBytes: number
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  /** Paths that the image declares as volumes: where nothing is mounted the engine adds an unsized one. */
  readonly volumes: readonly string[]
}

export type ContainerState =
  | { readonly status: 'created' | 'running' | 'paused' }
  | {
      readonly status: 'exited'
      readonly exitCode: number
      readonly oomKilled: boolean
      /** The engine's own words when the process never started. */
      readonly error?: string
      readonly finishedAtMs: number
    }

export type EngineContainer = {
  readonly id: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: ContainerState
}

/** stdout or stderr; a terminal has stdout alone. */
export type OutputChunk = { readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }

/** A live connection to a process in a container. `output` ends when the process has said its last. */
export type EngineSession = {
  readonly output: AsyncIterable<OutputChunk>
  readonly write: (bytes: Uint8Array, signal: AbortSignal) => Promise<void>
  readonly endInput: () => Promise<void>
  /** Drops the connection, not the process. */
  readonly close: () => void
}

export type ExecSpec = {
  readonly command: readonly string[]
  readonly env: readonly string[]
  readonly workdir?: string
  readonly user?: string
  readonly tty: boolean
  readonly openStdin: boolean
}

export type ContainerStats = {
  readonly atMs: number
  /** Nanoseconds of processor time since the start. */
  readonly cpuNs: number
  readonly memoryBytes: number
  readonly memoryMaxBytes: number
  readonly pids: number
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly readBytes: number
  readonly writtenBytes: number
}

export type EngineInfo = {
  readonly name: 'docker' | 'podman' | 'memory'
  readonly version: string
  readonly arch: string
  readonly os: string
  /** Runtimes by name, such as runc and runsc. */
  readonly runtimes: readonly string[]
  readonly cpus: number
  readonly memoryBytes: number
}

/**
 * A container engine. Errors: 'unavailable' (the engine does not answer), 'image-not-found',
 * 'image-platform', 'command-not-found' and 'not-executable' (start), 'not-found', 'conflict' (name taken),
 * 'out-of-disk', 'unsupported'. Removing, stopping and killing what is gone or ended is no error.
 */
export type Engine = {
  readonly info: (signal: AbortSignal) => Promise<EngineInfo>
  readonly image: (reference: string, signal: AbortSignal) => Promise<EngineImage | undefined>
  readonly images: (signal: AbortSignal) => Promise<readonly EngineImage[]>
  readonly pull: (
    reference: string,
    onProgress: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void,
    signal: AbortSignal,
  ) => Promise<void>
  /** Loads a `docker save` stream and returns the ids of the images in it. */
  readonly load: (tar: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<readonly string[]>
  readonly save: (reference: string, signal: AbortSignal) => AsyncIterable<Uint8Array>
  readonly removeImage: (reference: string, signal: AbortSignal) => Promise<void>

  /** A bridge of its own with this subnet; the firewall port cuts it off from everything else. */
  readonly createNetwork: (
    spec: {
      readonly name: string
      readonly labels: Readonly<Record<string, string>>
      readonly subnet: string
      readonly bridge: string
    },
    signal: AbortSignal,
  ) => Promise<void>
  readonly networks: (
    label: string,
    signal: AbortSignal,
  ) => Promise<
    readonly { readonly name: string; readonly subnet: string; readonly bridge: string }[]
  >
  readonly removeNetwork: (name: string, signal: AbortSignal) => Promise<void>

  readonly create: (spec: ContainerSpec, signal: AbortSignal) => Promise<string>
  readonly start: (id: string, signal: AbortSignal) => Promise<void>
  /** SIGTERM (or the image's stop signal), then SIGKILL after `graceSeconds`. */
  readonly stop: (id: string, graceSeconds: number, signal: AbortSignal) => Promise<void>
  readonly kill: (id: string, name: string, signal: AbortSignal) => Promise<void>
  readonly pause: (id: string, signal: AbortSignal) => Promise<void>
  readonly resume: (id: string, signal: AbortSignal) => Promise<void>
  /** Resolves when the container has exited (at once if it has). */
  readonly wait: (id: string, signal: AbortSignal) => Promise<ContainerState & { status: 'exited' }>
  readonly remove: (id: string, signal: AbortSignal) => Promise<void>
  readonly inspect: (id: string, signal: AbortSignal) => Promise<EngineContainer | undefined>
  /** Containers with this label (`key` or `key=value`), any state. */
  readonly list: (label: string, signal: AbortSignal) => Promise<readonly EngineContainer[]>
  readonly resize: (id: string, columns: number, rows: number, signal: AbortSignal) => Promise<void>
  /** Attach before `start` loses nothing. A slow reader slows the container down. */
  readonly attach: (id: string, withInput: boolean, signal: AbortSignal) => Promise<EngineSession>
  readonly exec: (
    id: string,
    spec: ExecSpec,
    signal: AbortSignal,
  ) => Promise<{
    readonly session: EngineSession
    readonly resize: (columns: number, rows: number, signal: AbortSignal) => Promise<void>
    /** Call after the output has ended. */
    readonly exitCode: (signal: AbortSignal) => Promise<number>
  }>
  readonly stats: (id: string, signal: AbortSignal) => Promise<ContainerStats>
  /** Bytes that the container wrote into its own layer. */
  readonly layerBytes: (id: string, signal: AbortSignal) => Promise<number>
  /** A tar of `path`, as `docker cp` gives it. */
  readonly getArchive: (id: string, path: string, signal: AbortSignal) => AsyncIterable<Uint8Array>
  readonly putArchive: (
    id: string,
    path: string,
    tar: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ) => Promise<void>
}
