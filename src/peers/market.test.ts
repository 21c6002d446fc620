import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArtelError } from '#core/errors'
import type { Offer } from '#core/offer'
import type { Clock } from '#ports/clock'
import { signOffer } from '#protocol/offer'
import { testFilter, testOffer } from '../../test/conformance/network-offers.ts'
import { createTestInternet, testSigner } from '../../test/conformance/network-world.ts'
import { createMemoryLog } from '../adapters/memory/log.ts'
import type { MemoryNode } from '../adapters/memory/network-node.ts'
import { createSeededRandom } from '../adapters/memory/random.ts'
import { createCaller } from './caller.ts'
import { answerMarket, askMarket, defaultMarketOptions } from './market-query.ts'
import { createOfferPublisher, listenToOffers, type OfferDraft } from './offer-gossip.ts'
import { createOfferIndex } from './offer-index.ts'
import { createServer } from './server.ts'

const never = new AbortController().signal
const log = createMemoryLog()

const draftOf = (index: number): OfferDraft => {
  const { version, operator, peer, sequence, expiresAtMs, ...draft } = testOffer(testSigner(index))
  return draft
}

const createMarketNode = async (network: MemoryNode, clock: Clock) => {
  const index = createOfferIndex({ clock })
  const server = createServer({ network, clock, log }, { callsMax: 64, callsPerPeerMax: 8 })
  await server.start(never)
  answerMarket({ server, index })
  listenToOffers({ network, index }, ['local'])
  return { index, server }
}

test('a host publishes on change and again for neighbours that come later', async (t) => {
  const { clock, node, close } = await createTestInternet(3)
  t.after(close)
  const [host, first, second] = [node(0), node(1), node(2)]
  const a = await createMarketNode(first, clock)
  const b = await createMarketNode(second, clock)
  await host.pingMs(first.self, never)
  let draft: OfferDraft | undefined = draftOf(0)
  const publisher = createOfferPublisher(
    { network: host, clock, signer: testSigner(0), log },
    { draft: () => draft },
  )
  await publisher.start(never)
  await clock.sleep(1000, never)
  assert.deepEqual(
    a.index.all().map(({ freeLeases }) => freeLeases),
    [4],
  )
  assert.equal(b.index.size(), 0)
  draft = { ...draft, freeLeases: 3 }
  publisher.changed()
  await host.pingMs(second.self, never)
  await clock.sleep(20_000, never)
  assert.deepEqual(
    a.index.all().map(({ freeLeases }) => freeLeases),
    [3],
  )
  assert.deepEqual(b.index.all(), a.index.all())
  draft = undefined
  publisher.changed()
  await clock.sleep(20_000, never)
  assert.deepEqual(
    b.index.all().map(({ freeLeases }) => freeLeases),
    [0],
  )
  await publisher.stop()
})

test('an offer is renewed before it expires', async (t) => {
  const { clock, node, close } = await createTestInternet(2)
  t.after(close)
  const market = await createMarketNode(node(1), clock)
  await node(0).pingMs(node(1).self, never)
  const publisher = createOfferPublisher(
    { network: node(0), clock, signer: testSigner(0), log },
    { draft: () => draftOf(0) },
  )
  await publisher.start(never)
  await clock.sleep(72 * 3_600_000, never)
  assert.equal(market.index.all().length, 1)
  await publisher.stop()
  await clock.sleep(30 * 3_600_000, never)
  assert.equal(market.index.all().length, 0)
})

test('a joining tenant unites the pages of its neighbours and survives a silent and a lying one', async (t) => {
  const { clock, node, close } = await createTestInternet(5)
  t.after(close)
  const nowMs = clock.nowMs()
  const offerOf = (index: number, change: Partial<Offer> = {}) => {
    const signer = testSigner(index)
    return signOffer(testOffer(signer, { expiresAtMs: nowMs + 3_600_000, ...change }), signer)
  }
  const markets = [
    await createMarketNode(node(1), clock),
    await createMarketNode(node(2), clock),
    await createMarketNode(node(3), clock),
  ]
  for (let n = 100; n < 250; n += 1) {
    markets[n % 2]?.index.add(offerOf(n), node(0).self, { solicited: true })
  }
  markets[0]?.index.add(offerOf(300, { sequence: 1 }), node(0).self, { solicited: true })
  markets[1]?.index.add(offerOf(300, { sequence: 2 }), node(0).self, { solicited: true })
  for (const peer of [1, 2, 3, 4]) await node(0).pingMs(node(peer).self, never)
  node(4).crash('silent')

  const index = createOfferIndex({ clock })
  const answer = await askMarket(
    {
      caller: createCaller({ network: node(0), clock }),
      network: node(0),
      clock,
      random: createSeededRandom(1),
      index,
      log,
    },
    testFilter(),
    never,
    { ...defaultMarketOptions, neighboursMax: 4 },
  )
  assert.deepEqual(answer, { answered: 3, found: 151, added: 151 })
  assert.equal(index.get(testSigner(300).address)?.offer.sequence, 2)
})

test('asking the market ends with the signal', async (t) => {
  const { clock, node, close } = await createTestInternet(2)
  t.after(close)
  await node(0).pingMs(node(1).self, never)
  const reason = new ArtelError('cancelled', 'enough')
  const components = {
    caller: createCaller({ network: node(0), clock }),
    network: node(0),
    clock,
    random: createSeededRandom(1),
    index: createOfferIndex({ clock }),
    log,
  }
  await assert.rejects(askMarket(components, testFilter(), AbortSignal.abort(reason)), reason)
})
