import type { Clock } from '#ports/clock'
import type { Engine, EngineImage, EngineInfo } from '#ports/engine'
import { createAccess } from './engine-access.ts'
import type { Components } from './engine-components.ts'
import { finish } from './engine-container.ts'
import { createMemoryImages } from './engine-images.ts'
import { createLife } from './engine-life.ts'
import { createMemoryNetworks } from './engine-networks.ts'
import type { MemoryProgram } from './engine-process.ts'
import { findProgram } from './engine-programs.ts'
import type { MemoryVolumes } from './volumes.ts'

const powerCutCode = 137

export type MemoryEngineOptions = {
  readonly clock: Clock
  /** Where mounts lead; without it containers see empty directories there. */
  readonly volumes?: MemoryVolumes
  /** Images that it holds from the start. */
  readonly images?: readonly EngineImage[]
  /** Images that it can pull. */
  readonly registry?: readonly EngineImage[]
  /** Programs beside the built-in ones, which are true, false, exit, sleep, echo, cat, head, kill and sh. */
  readonly programs?: (argv: readonly string[]) => MemoryProgram | undefined
  readonly info?: Partial<EngineInfo>
}

export type MemoryEngine = Engine & {
  readonly addImage: (image: EngineImage) => void
  /** The machine loses power: every process is gone, containers and images stay. */
  readonly crash: () => void
  /** The disk is gone as well. */
  readonly loseEverything: () => void
}

/** An engine without a machine: containers are functions, time is the clock's. */
export const createMemoryEngine = (options: MemoryEngineOptions): MemoryEngine => {
  const components: Components = {
    world: { clock: options.clock, volumes: options.volumes },
    images: createMemoryImages(options.registry ?? []),
    networks: createMemoryNetworks(),
    containers: new Map(),
    programOf: (argv) => options.programs?.(argv) ?? findProgram(argv),
  }
  const { images, networks, containers, world } = components
  for (const image of options.images ?? []) images.add(image)
  const crash = (): void => {
    for (const container of containers.values()) finish(world, container, powerCutCode)
  }
  const info: EngineInfo = {
    name: 'memory',
    version: '1',
    arch: 'amd64',
    os: 'linux',
    runtimes: ['runc'],
    cpus: 8,
    memoryBytes: 16 * 1024 ** 3,
    ...options.info,
  }
  const { image, images: listImages, pull, load, save, removeImage } = images
  const { createNetwork, networks: listNetworks, removeNetwork } = networks
  return {
    info: async (signal) => {
      signal.throwIfAborted()
      return info
    },
    ...{ image, images: listImages, pull, load, save, removeImage },
    ...{ createNetwork, networks: listNetworks, removeNetwork },
    ...createLife(components),
    ...createAccess(components),
    addImage: images.add,
    crash,
    loseEverything: () => {
      crash()
      containers.clear()
      networks.clear()
      images.clear()
    },
  }
}
