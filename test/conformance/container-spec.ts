import type { ContainerSpec } from '#ports/engine'

const mebibyte = 1024 * 1024

/** A small container without network, for tests to vary. */
export const containerSpec = (
  own: Pick<ContainerSpec, 'name' | 'image'> & Partial<ContainerSpec>,
): ContainerSpec => ({
  labels: {},
  env: [],
  tty: false,
  openStdin: false,
  cpuMilli: 500,
  memoryBytes: 64 * mebibyte,
  pidsMax: 32,
  shmBytes: mebibyte,
  filesMax: 256,
  capabilities: [],
  readonlyRootfs: false,
  network: 'none',
  mounts: [],
  tmpfs: [],
  gpuIds: [],
  dns: [],
  ...own,
})
