import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { BaseError, decodeErrorResult, type Hex, isHex } from 'viem'
import { leasesAbi } from '#adapters/chain-viem/abi.generated'
import { createSigner } from '#adapters/crypto-node/signer'
import type { Address, Hash32 } from '#core/ids'
import { emptyLeases } from '#core/lease-vault'
import { apply, type LeaseSigning, type LeasesCall, type SignedMessage } from '#core/leases-state'
import { type Domain, recoverAddress } from '#protocol/eip712'
import {
  absenceDigest,
  answerDigest,
  leaseIdOf,
  observersHash,
  receiptDigest,
  termsDigest,
} from '#protocol/eip712-leases'
import { castMembers, castOf, openingCalls, type Played } from './cast.ts'
import { compareBalances, compareEvents, compareLease } from './compare.ts'
import { type Deployed, deployContracts, startMoney } from './deployed.ts'
import { edgesOf } from './edges.ts'
import { encodeCall } from './encode.ts'
import type { Move, Props, Stage } from './open-move.ts'
import { afterCall, move, playMove, timeOf } from './plays.ts'
import { sendAt, startTestChain, type TestChain } from './test-chain.ts'

const genesisSeconds = 1_800_000_000
const startSeconds = genesisSeconds + 1_000
const endowment = 700n
const plays = 14
const movesPerPlay = 45
const seed = 20_261_123

const signers = Array.from({ length: 11 }, (_, index) =>
  createSigner(new Uint8Array(32).fill(index + 1)),
)
const cast = castOf(signers.map((signer) => signer.address))
const members = castMembers(cast)

let chain: TestChain
let deployed: Deployed
let props: Props
let opened: Stage

before(async () => {
  chain = await startTestChain(genesisSeconds)
  deployed = await deployContracts(chain.client, members[0] ?? assert.fail(), startSeconds - 100)
  await startMoney(chain.client, deployed, members)
  props = propsOf({ chainId: chain.client.chain.id, leases: deployed.leases })
  opened = await playOpening(props)
})

after(() => chain.stop())

const digestOf = (domain: Domain, message: SignedMessage): Hash32 => {
  switch (message.kind) {
    case 'terms':
      return termsDigest(domain, message.terms)
    case 'receipt':
      return receiptDigest(domain, message.receipt)
    case 'answer':
      return answerDigest(domain, message.answer)
    case 'absence':
      return absenceDigest(domain, message.absence)
  }
}

const propsOf = (domain: Domain): Props => {
  const signing: LeaseSigning = {
    leaseIdOf,
    observersOf: observersHash,
    signerOf: (message, signature) => recoverAddress(digestOf(domain, message), signature),
    accepts: () => false,
  }
  const sign = (by: Address, message: SignedMessage) => {
    const signer = signers.find(({ address }) => address === by) ?? assert.fail(`no key of ${by}`)
    return signer.sign(digestOf(domain, message))
  }
  return { cast, signing, sign }
}

/** The custom error that a call of the newest block reverts with. */
const refusalOf = async (from: Address, data: Hex): Promise<string> => {
  const to = deployed.leases
  try {
    await chain.client.call({ account: from, to, data })
  } catch (error) {
    if (!(error instanceof BaseError)) throw error
    const found = error.walk(
      (cause) => cause instanceof Error && 'data' in cause && isHex(cause.data),
    )
    if (found === null || !('data' in found) || !isHex(found.data)) throw error
    return decodeErrorResult({ abi: leasesAbi, data: found.data }).errorName
  }
  return assert.fail('the call was refused in its block and is not refused when repeated')
}

const touched = (call: LeasesCall) => {
  if ('terms' in call) return [call.terms]
  if (call.kind === 'claimBatch') return call.items.map((item) => item.terms)
  return call.kind === 'settleBatch' ? call.items : []
}

/** Makes one call on both sides, compares everything that both tell, and returns the next stage. */
const playBoth = async (
  stage: Stage,
  played: Played,
  blocks: number,
  props: Props,
): Promise<Stage> => {
  const { client } = chain
  const { leases } = deployed
  const { sender, call } = played
  const { nowSeconds } = stage
  const data = encodeCall(call)
  const receipt = await sendAt(client, { from: sender, to: leases, data }, { nowSeconds, blocks })
  const env = { sender, nowSeconds, blockNumber: Number(receipt.blockNumber) }
  const expected = apply(stage.state, call, env, props.signing)
  const outcome = receipt.status === 'success' ? 'done' : await refusalOf(sender, data)
  assert.equal(outcome, expected.ok ? 'done' : expected.refusal, `${call.kind} by ${sender}`)
  const next = expected.ok ? afterCall(stage, call, expected.state) : stage
  if (expected.ok) compareEvents(leases, receipt, expected.events)
  await compareBalances(client, leases, members, next.state)
  const records = touched(call).map((terms) => next.state.leases.get(leaseIdOf(terms)))
  const previous = touched(call).map((terms) => next.state.leases.get(terms.previous))
  for (const record of [...records, ...previous]) {
    if (record !== undefined) await compareLease(client, leases, record, next.state, nowSeconds)
  }
  return next
}

const playOpening = async (props: Props): Promise<Stage> => {
  let stage: Stage = { state: emptyLeases, deals: [], nowSeconds: startSeconds }
  for (const played of openingCalls(cast, endowment, startSeconds)) {
    stage = await playBoth({ ...stage, nowSeconds: stage.nowSeconds + 1 }, played, 1, props)
  }
  return stage
}

const playAll = async (opened: Stage, moves: readonly Move[], props: Props): Promise<void> => {
  let stage = opened
  for (const next of moves) {
    stage = { ...stage, nowSeconds: timeOf(next, stage, props) }
    stage = await playBoth(stage, playMove(next, stage, props), next.blocks, props)
  }
}

/** Plays on the state after the opening calls and takes everything back. */
const onStage = async (play: () => Promise<void>): Promise<void> => {
  const snapshot = await chain.client.snapshot()
  try {
    await play()
  } finally {
    await chain.client.revert({ id: snapshot })
  }
}

test('contract and specification agree on both sides of every turning point', async () => {
  const edgeSeconds = opened.nowSeconds + 100
  for (const edge of edgesOf(props, edgeSeconds)) {
    for (const offset of [-1, 0, 1]) {
      await onStage(async () => {
        let stage = opened
        for (const { at, blocks, ...played } of edge.steps(offset)) {
          stage = { ...stage, nowSeconds: edgeSeconds + at }
          stage = await playBoth(stage, played, blocks, props)
        }
      })
    }
  }
})

test('contract and specification agree on what random plays do, pay, tell and refuse', async () => {
  const moves = fc.array(move, { minLength: movesPerPlay, maxLength: movesPerPlay })
  const property = fc.asyncProperty(moves, (dice) => onStage(() => playAll(opened, dice, props)))
  await fc.assert(property, { numRuns: plays, seed, endOnFailure: true })
})
