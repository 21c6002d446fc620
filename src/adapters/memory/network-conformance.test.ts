import { networkConformance } from '../../../test/conformance/network.ts'
import { createVirtualClock } from '../../../test/conformance/network-clock.ts'
import { seededRandom, testPeer } from '../../../test/conformance/network-world.ts'
import { createMemoryInternet } from './network.ts'

networkConformance('memory', async () => {
  const clock = createVirtualClock()
  const internet = createMemoryInternet({ clock, random: seededRandom(1) })
  let made = 0
  return {
    clock,
    make: async () => {
      const node = internet.node({ peer: testPeer(made++) })
      await node.start(new AbortController().signal)
      return node
    },
    close: async () => {
      internet.close()
      clock.close()
    },
  }
})
