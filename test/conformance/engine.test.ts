import { createSystemClock } from '#adapters/clock-system/clock'
import { createMemoryEngine } from '#adapters/memory/engine'
import { memoryImage } from '#adapters/memory/engine-images'
import { busyboxReference } from '../../scripts/engine/busybox-image.ts'
import { engineSuite } from './engine.suite.ts'
import { openDocker } from './open-docker.ts'

engineSuite('docker', async () => {
  const engine = await openDocker()
  return { engine, image: busyboxReference, close: async () => engine.close() }
})

engineSuite('memory', async () => {
  const images = [memoryImage(busyboxReference)]
  const engine = createMemoryEngine({ clock: createSystemClock(), images })
  return { engine, image: busyboxReference, close: async () => engine.loseEverything() }
})
