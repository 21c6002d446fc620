import { networkConformance } from '../../../test/conformance/network.ts'
import { createTestInternet } from '../../../test/conformance/network-world.ts'

networkConformance('memory', async () => {
  const world = await createTestInternet(0)
  let made = 0
  return {
    clock: world.clock,
    make: () => world.start(made++),
    close: async () => world.close(),
  }
})
