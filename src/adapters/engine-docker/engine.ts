import type { Engine } from '#ports/engine'
import { createArchives } from './archives.ts'
import { createContainers } from './containers.ts'
import { createEngineHttp } from './http.ts'
import { createImages } from './images.ts'
import { createInfo } from './info.ts'
import { createNetworks } from './networks.ts'
import { createSessions } from './sessions.ts'
import { createStats } from './stats.ts'

export type DockerEngine = Engine & {
  /** Ends every open call and session and refuses new ones; containers go on. Idempotent. */
  readonly close: () => void
}

/** A Docker engine (20.10 or newer) behind a local socket. The signal of an open session ends it. */
export const createDockerEngine = (options: { readonly socketPath: string }): DockerEngine => {
  const http = createEngineHttp(options.socketPath)
  return {
    ...createInfo(http),
    ...createImages(http),
    ...createNetworks(http),
    ...createContainers(http),
    ...createSessions(http),
    ...createStats(http),
    ...createArchives(http),
    close: http.close,
  }
}
