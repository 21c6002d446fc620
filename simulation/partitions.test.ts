import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSeededRandom } from '#adapters/memory/random'
import { createSeededSigner } from '#adapters/memory/signer'
import { createPartitions } from './partitions.ts'

test('two peers talk again only when the last partition between them is healed', () => {
  const peer = (seed: number) => createSeededSigner(createSeededRandom(seed)).peerId
  const [a, b, c] = [peer(1), peer(2), peer(3)]
  const names = new Map([
    [a, 'a'],
    [b, 'b'],
    [c, 'c'],
  ])
  const seen: string[] = []
  const note =
    (what: string) =>
    (x: readonly string[], y: readonly string[]): void => {
      const spelt = [...x, ...y].map((id) => [...names].find(([known]) => known === id)?.[1])
      seen.push(`${what} ${spelt.join('')}`)
    }
  const partitions = createPartitions({ partition: note('cut'), heal: note('heal') })
  partitions.cut([a], [b, c])
  partitions.cut([b], [a])
  partitions.heal([a], [b, c])
  assert.deepEqual(seen, ['cut ab', 'cut ac', 'heal ac'])
  partitions.heal([b], [a])
  assert.equal(seen.at(-1), 'heal ba')
})
