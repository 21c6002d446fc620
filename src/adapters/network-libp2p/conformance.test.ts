import { randomBytes } from 'node:crypto'
import { networkConformance } from '../../../test/conformance/network.ts'
import { createSystemClock } from '../clock-system/clock.ts'
import { createLibp2pNetwork } from './network.ts'

networkConformance('libp2p', async () => {
  const made: ReturnType<typeof createLibp2pNetwork>[] = []
  return {
    clock: createSystemClock(),
    make: async () => {
      const network = createLibp2pNetwork({
        signerPrivateKey: randomBytes(32),
        listen: ['/ip4/127.0.0.1/tcp/0'],
        bootstrap: [],
      })
      made.push(network)
      await network.start(new AbortController().signal)
      return network
    },
    close: async () => {
      await Promise.all(made.map((network) => network.stop()))
    },
  }
})
