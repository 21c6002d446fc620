import {
  createMemoryInternet,
  type MemoryInternetOptions,
} from '../../src/adapters/memory/network.ts'
import type { MemoryNode } from '../../src/adapters/memory/network-node.ts'
import { createSeededRandom } from '../../src/adapters/memory/random.ts'
import { createSeededSigner } from '../../src/adapters/memory/signer.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { createRunningClock } from './network-clock.ts'

/** The same signer for the same index. */
export const testSigner = (index: number): Signer =>
  createSeededSigner(createSeededRandom(`signer ${index}`))

/** A memory internet of `count` started nodes on running virtual time; all know all others' addresses. */
export const createTestInternet = async (
  count: number,
  options?: MemoryInternetOptions,
  seed = 1,
) => {
  const clock = createRunningClock()
  const internet = createMemoryInternet({ clock, random: createSeededRandom(seed) }, options)
  const nodes = new Map<number, MemoryNode>()
  const start = async (index: number): Promise<MemoryNode> => {
    const node = internet.node({ peer: testSigner(index).peerId })
    await node.start(new AbortController().signal)
    nodes.set(index, node)
    return node
  }
  for (let index = 0; index < count; index += 1) await start(index)
  for (const a of nodes.values()) {
    for (const b of nodes.values()) a.learn({ peer: b.self, addresses: b.addresses() })
  }
  return {
    clock,
    internet,
    /** Starts a node anew, for instance after its crash. */
    start,
    node: (index: number): MemoryNode => {
      const node = nodes.get(index)
      if (node === undefined) throw new Error(`no node ${index}`)
      return node
    },
    close: () => {
      internet.close()
      clock.close()
    },
  }
}

export type TestInternet = Awaited<ReturnType<typeof createTestInternet>>
