import type { Address, LeaseId, RunId } from '#core/ids'
import type { Requirements, RunSpec } from '#core/manifest'
import type { ContainerSpec } from '#ports/engine'
import { containerName, labelKeys, leaseLabels, tenantLabels } from './labels.ts'

/** What every container of a host gets, whatever its tenant asks. */
export type ContainerDefaults = {
  readonly filesMax: number
  readonly pidsPerCpu: number
  readonly shmBytesMax: number
  readonly dns: readonly string[]
}

export const containerDefaults: ContainerDefaults = {
  filesMax: 16_384,
  pidsPerCpu: 512,
  shmBytesMax: 64 * 1024 * 1024,
  dns: ['1.1.1.1', '9.9.9.9'],
}

/**
 * What unmodified images need: docker's default list without raw sockets, device nodes, chroot, audit and
 * file capabilities (MKNOD, NET_RAW, SYS_CHROOT, AUDIT_WRITE, SETFCAP).
 */
export const capabilities: readonly string[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETPCAP',
  'SETUID',
]

/** Variables by which a container would ask the NVIDIA runtime for devices that the lease does not include. */
const deviceVariables = new Set([
  'NVIDIA_VISIBLE_DEVICES',
  'NVIDIA_DRIVER_CAPABILITIES',
  'NVIDIA_REQUIRE_CUDA',
  'NVIDIA_MIG_CONFIG_DEVICES',
  'NVIDIA_MIG_MONITOR_DEVICES',
])

const pidsMin = 256
const pidsMax = 8192

export type ContainerRequest = {
  readonly node: Address
  readonly lease: LeaseId
  readonly run: RunId
  readonly requirements: Requirements
  readonly spec: RunSpec
  /** Id or digest reference that the engine holds. */
  readonly image: string
  readonly gpuIds: readonly string[]
  /** Whether this machine has GPUs that must be kept from a lease without one. */
  readonly hidesGpus: boolean
  /** A network's name, or 'none'. */
  readonly network: string
  readonly mounts?: ContainerSpec['mounts']
  /** Distinguishes containers of one run; absent = the run's only one. */
  readonly suffix?: string
}

const nameOf = (variable: string): string => variable.slice(0, variable.indexOf('='))

const envOf = (request: ContainerRequest): readonly string[] => {
  const env = request.spec.env.filter((variable) => !deviceVariables.has(nameOf(variable)))
  // Overrides what the image itself may ask of a runtime that hands out devices by this variable.
  return request.hidesGpus && request.gpuIds.length === 0
    ? [...env, 'NVIDIA_VISIBLE_DEVICES=void']
    : env
}

const optional = (spec: RunSpec): Partial<ContainerSpec> => ({
  ...(spec.entrypoint === undefined ? {} : { entrypoint: spec.entrypoint }),
  ...(spec.command === undefined ? {} : { command: spec.command }),
  ...(spec.workdir === undefined ? {} : { workdir: spec.workdir }),
  ...(spec.user === undefined || spec.user === '' ? {} : { user: spec.user }),
})

/** The container of a run: every limit is the lease's, and nothing of the tenant's request is passed on unfiltered. */
export const containerSpec = (
  request: ContainerRequest,
  defaults: ContainerDefaults,
): ContainerSpec => {
  const { lease, run, requirements, spec } = request
  const { cpuMilli, memoryBytes } = requirements.resources
  const cpus = Math.max(1, Math.ceil(cpuMilli / 1000))
  const suffix = request.suffix === undefined ? '' : `-${request.suffix}`
  return {
    ...optional(spec),
    ...(requirements.isolation === 'gvisor' ? { runtime: 'runsc' } : {}),
    name: `${containerName(lease, run)}${suffix}`,
    labels: {
      ...tenantLabels(spec.labels),
      ...leaseLabels(request.node, lease),
      [labelKeys.run]: run,
    },
    image: request.image,
    env: envOf(request),
    hostname: spec.hostname ?? run.slice(0, 12),
    tty: spec.tty,
    openStdin: spec.openStdin,
    cpuMilli,
    memoryBytes,
    pidsMax: Math.min(pidsMax, Math.max(pidsMin, defaults.pidsPerCpu * cpus)),
    shmBytes: Math.min(defaults.shmBytesMax, Math.floor(memoryBytes / 2)),
    filesMax: defaults.filesMax,
    capabilities,
    readonlyRootfs: false,
    network: request.network,
    mounts: request.mounts ?? [],
    tmpfs: [],
    gpuIds: request.gpuIds,
    dns: request.network === 'none' ? [] : defaults.dns,
  }
}
