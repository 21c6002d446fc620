import type { ContainerSpec } from '#ports/engine'

const nanosPerMilli = 1_000_000

/** `nvidia.com/gpu=0` is a CDI name; anything else is an index or UUID for NVIDIA's own hook. */
const deviceRequests = (gpuIds: readonly string[]): readonly object[] => {
  const cdi = gpuIds.filter((id) => id.includes('='))
  const nvidia = gpuIds.filter((id) => !id.includes('='))
  return [
    ...(cdi.length === 0 ? [] : [{ Driver: 'cdi', DeviceIDs: cdi }]),
    ...(nvidia.length === 0
      ? []
      : [{ Driver: 'nvidia', DeviceIDs: nvidia, Capabilities: [['gpu']] }]),
  ]
}

const hostConfig = (spec: ContainerSpec): object => ({
  NanoCpus: spec.cpuMilli * nanosPerMilli,
  Memory: spec.memoryBytes,
  // Equal to Memory: no swap.
  MemorySwap: spec.memoryBytes,
  PidsLimit: spec.pidsMax,
  ShmSize: spec.shmBytes,
  Ulimits: [{ Name: 'nofile', Soft: spec.filesMax, Hard: spec.filesMax }],
  CapDrop: ['ALL'],
  CapAdd: spec.capabilities,
  // The engine's default seccomp profile stays in force because none is named here.
  SecurityOpt: ['no-new-privileges'],
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: spec.readonlyRootfs,
  IpcMode: 'private',
  NetworkMode: spec.network,
  Dns: spec.dns,
  Mounts: spec.mounts.map((mount) => ({
    Type: 'bind',
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readonly,
    BindOptions: { Propagation: 'rprivate' },
  })),
  Tmpfs: Object.fromEntries(
    spec.tmpfs.map(({ target, sizeBytes }) => [target, `rw,nosuid,nodev,size=${sizeBytes}`]),
  ),
  DeviceRequests: deviceRequests(spec.gpuIds),
  // The node reads the output as it comes and spools it within its own bounds; the engine keeps no copy.
  LogConfig: { Type: 'none', Config: {} },
  RestartPolicy: { Name: 'no' },
  // As `docker run` does: the command is process 1 itself, so a missing command is an error of start.
  Init: false,
  ...(spec.runtime === undefined ? {} : { Runtime: spec.runtime }),
})

/** The body of a create call. Everything that it leaves out is the engine's own default. */
export const containerConfig = (spec: ContainerSpec): object => ({
  Image: spec.image,
  Labels: spec.labels,
  Env: spec.env,
  Tty: spec.tty,
  OpenStdin: spec.openStdin,
  // The end of the attached input is the end of the process's input.
  StdinOnce: spec.openStdin,
  AttachStdin: spec.openStdin,
  AttachStdout: true,
  AttachStderr: true,
  // An image's own health check would run unasked; checks are the supervisor's.
  Healthcheck: { Test: ['NONE'] },
  // An empty list means the image's to Docker; a list of one empty word means none.
  ...(spec.entrypoint === undefined
    ? {}
    : { Entrypoint: spec.entrypoint.length === 0 ? [''] : spec.entrypoint }),
  ...(spec.command === undefined ? {} : { Cmd: spec.command }),
  ...(spec.workdir === undefined ? {} : { WorkingDir: spec.workdir }),
  ...(spec.user === undefined ? {} : { User: spec.user }),
  ...(spec.hostname === undefined ? {} : { Hostname: spec.hostname }),
  HostConfig: hostConfig(spec),
})
