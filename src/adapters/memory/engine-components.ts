import { ArtelError } from '#core/errors'
import type { ContainerWorld, MemoryContainer } from './engine-container.ts'
import type { MemoryImages } from './engine-images.ts'
import type { MemoryNetworks } from './engine-networks.ts'
import type { MemoryProgram } from './engine-process.ts'

/** What the parts of a memory engine share. */
export type Components = {
  readonly world: ContainerWorld
  readonly images: MemoryImages
  readonly networks: MemoryNetworks
  readonly containers: Map<string, MemoryContainer>
  readonly programOf: (argv: readonly string[]) => MemoryProgram | undefined
}

export const isLive = ({ state }: MemoryContainer): boolean =>
  state.status === 'running' || state.status === 'paused'

/** The container, or 'not-found'. */
export const findContainer = (
  { containers }: Components,
  id: string,
  signal: AbortSignal,
): MemoryContainer => {
  signal.throwIfAborted()
  const container = containers.get(id)
  if (container === undefined) throw new ArtelError('not-found', `container ${id} is gone`)
  return container
}
