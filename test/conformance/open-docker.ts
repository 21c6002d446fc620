import { createDockerEngine, type DockerEngine } from '#adapters/engine-docker/engine'
import { busyboxImage } from '../../scripts/engine/busybox-image.ts'
import { ensureEngine } from '../../scripts/engine/ensure-engine.ts'

/** A real engine that holds the test image. */
export const openDocker = async (): Promise<DockerEngine> => {
  const { socketPath } = await ensureEngine({ say: () => {} })
  const engine = createDockerEngine({ socketPath })
  const image = await busyboxImage()
  async function* tar(): AsyncGenerator<Uint8Array> {
    yield image
  }
  await engine.load(tar(), AbortSignal.timeout(30_000))
  return engine
}
