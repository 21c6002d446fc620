import { busyboxReference } from '../../scripts/engine/busybox-image.ts'
import { engineSuite } from './engine.suite.ts'
import { openDocker } from './open-docker.ts'

engineSuite('docker', async () => {
  const engine = await openDocker()
  return { engine, image: busyboxReference, close: async () => engine.close() }
})
