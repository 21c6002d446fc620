import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  accountNumber,
  castMembers,
  castOf,
  openingCalls,
  type Played,
} from '../../test/integration/contracts/cast.ts'
import type { Stage } from '../../test/integration/contracts/open-move.ts'
import { paperSign, paperSigning } from '../../test/integration/contracts/paper-signing.ts'
import { afterCall, move, playMove, timeOf } from '../../test/integration/contracts/plays.ts'
import { answerBlocks, endOf, type LeaseRecord, owed, paid, unpaid } from './lease.ts'
import { balanceOf, emptyLeases, keyOf, type LeasesState } from './lease-vault.ts'
import { apply, type LeasesEvent } from './leases-state.ts'
import { tokenAmount } from './money.ts'

const cast = castOf(Array.from({ length: 11 }, (_, index) => accountNumber(index)))
const props = { cast, signing: paperSigning, sign: paperSign }
const endowment = 700n
const start = 1_000_000

type Shown = {
  readonly before: LeasesState
  readonly after: LeasesState
  readonly played: Played
  readonly nowSeconds: number
  readonly events: readonly LeasesEvent[]
}

const call = (stage: Stage, blockNumber: number, { sender, call }: Played) =>
  apply(stage.state, call, { sender, nowSeconds: stage.nowSeconds, blockNumber }, paperSigning)

const opening = (): Stage => {
  const first: Stage = { state: emptyLeases, deals: [], nowSeconds: start }
  return openingCalls(cast, endowment, start).reduce((stage, played) => {
    const result = call(stage, 1, played)
    assert.ok(result.ok)
    return afterCall(stage, played.call, result.state)
  }, first)
}

/** Plays the moves and shows each call that was not refused; returns the last stage. */
const play = (moves: readonly Parameters<typeof playMove>[0][], show: (shown: Shown) => void) => {
  let stage = opening()
  let block = 2
  for (const next of moves) {
    stage = { ...stage, nowSeconds: timeOf(next, stage, props) }
    block += next.blocks
    const played = playMove(next, stage, props)
    const result = call(stage, block, played)
    if (result.ok) {
      const { nowSeconds } = stage
      show({ before: stage.state, after: result.state, played, nowSeconds, events: result.events })
      stage = afterCall(stage, played.call, result.state)
    }
  }
  return { stage, block }
}

const everyStep = (law: (shown: Shown) => void): void =>
  fc.assert(
    fc.property(fc.array(move, { minLength: 20, maxLength: 60 }), (moves) => void play(moves, law)),
    { numRuns: 150, seed: 4711 },
  )

const records = (state: LeasesState): readonly LeaseRecord[] =>
  [...state.leases.entries()].map(([, record]) => record)

const accounted = (state: LeasesState): bigint => {
  const balances = [...state.balances.entries()].reduce((sum, [, balance]) => sum + balance, 0n)
  return records(state).reduce((sum, lease) => {
    const fee = lease.status === 'reported' ? (lease.report?.fee ?? 0n) : 0n
    return sum + unpaid(lease) + lease.bondLeft + fee
  }, balances)
}

const flow = (events: readonly LeasesEvent[]): bigint =>
  events.reduce((sum, event) => {
    if (event.kind === 'Deposited') return sum + event.amount
    return event.kind === 'Withdrawn' ? sum - event.amount : sum
  }, 0n)

test('money is neither made nor lost', () => {
  everyStep(({ before, after, events }) => {
    assert.equal(accounted(after), accounted(before) + flow(events))
  })
})

test('no balance and no escrow ever falls below zero', () => {
  everyStep(({ after }) => {
    for (const [, balance] of after.balances.entries()) assert.ok(balance >= 0n)
    for (const lease of records(after)) assert.ok(unpaid(lease) >= 0n && lease.bondLeft >= 0n)
  })
})

test('what is paid is never more than what is owed, and that never more than the deposit', () => {
  everyStep(({ after, nowSeconds, events }) => {
    const closed = new Set(events.flatMap((event) => (event.kind === 'Closed' ? [event.id] : [])))
    for (const lease of records(after)) {
      const due = owed(lease, endOf(lease, nowSeconds), lease.extra)
      assert.ok(due <= lease.deposit && paid(lease) <= lease.deposit)
      if (lease.status !== 'settled') assert.ok(paid(lease) <= due)
      // Only closing concedes more than the service up to the end: the stated minimum.
      if (closed.has(lease.id))
        assert.ok(
          lease.ack <= Math.max(endOf(lease, nowSeconds), lease.opened + lease.terms.minimum),
        )
    }
  })
})

test('a settled lease never moves, and nothing that only grows shrinks', () => {
  everyStep(({ before, after }) => {
    for (const old of records(before)) {
      const now = after.leases.get(old.id)
      assert.ok(now !== undefined)
      if (old.status === 'settled') assert.deepEqual(now, old)
      assert.ok(now.ack >= old.ack && now.extra >= old.extra && now.deposit >= old.deposit)
      if (old.ended !== undefined) assert.equal(now.ended, old.ended)
    }
    for (const [key, old] of before.delegations.entries()) {
      assert.ok((after.delegations.get(key)?.spent ?? -1n) >= old.spent)
    }
  })
})

test('leases of one instance form a chain of epochs whose earning times do not overlap', () => {
  everyStep(({ after, nowSeconds }) => {
    for (const lease of records(after)) {
      const previous = after.leases.get(lease.terms.previous)
      assert.equal(lease.terms.epoch, (previous?.terms.epoch ?? 0) + 1)
      if (previous === undefined) continue
      assert.equal(keyOf(previous.terms), keyOf(lease.terms))
      assert.ok(endOf(previous, nowSeconds) <= lease.opened)
    }
  })
})

test('a delegate spends at most its cap and an outsider lowers nobody else', () => {
  everyStep(({ before, after, played: { sender, call: made } }) => {
    for (const [key, now] of after.delegations.entries()) {
      const grew = now.spent > (before.delegations.get(key)?.spent ?? 0n)
      if (grew) assert.ok(now.spent <= now.cap)
    }
    const bonded = made.kind === 'open' ? made.terms.host : undefined
    for (const member of castMembers(cast)) {
      const fell = balanceOf(after, member) < balanceOf(before, member)
      const own = member === sender || member === bonded
      if (fell && !own)
        assert.ok(sender === cast.delegate && cast.tenants.some((t) => t === member))
    }
  })
})

test('a supersede never changes what the predecessor owes', () => {
  everyStep(({ before, after, played: { call: made }, nowSeconds }) => {
    if (made.kind !== 'open') return
    const old = before.leases.get(made.terms.previous)
    const now = after.leases.get(made.terms.previous)
    if (old === undefined || now === undefined) return
    assert.equal(endOf(now, nowSeconds + 1_000), endOf(old, nowSeconds))
    assert.equal(paid(now), paid(old))
  })
})

test('a bond falls only by the quit fee, an unanswered report or the word of observers', () => {
  everyStep(({ before, after, events }) => {
    for (const old of records(before)) {
      const now = after.leases.get(old.id)
      const lost = old.bondLeft - (now?.bondLeft ?? 0n)
      if (lost === 0n) continue
      const causes = events.filter((event) => 'id' in event && event.id === old.id)
      const settled = causes.some(({ kind }) => ['Closed', 'Settled', 'Resolved'].includes(kind))
      const left = causes.some((event) => event.kind === 'Quit' && event.fee === lost)
      assert.ok(settled || left)
    }
  })
})

test('every lease whose end is fixed can be settled by anyone within window, answer time and blocks', () => {
  fc.assert(
    fc.property(fc.array(move, { minLength: 20, maxLength: 60 }), (moves) => {
      const { stage, block } = play(moves, () => {})
      for (const lease of records(stage.state)) {
        if (lease.status === 'settled' || lease.ended === undefined) continue
        const { terms, status } = lease
        const wait = status === 'reported' ? terms.answerIn : terms.window
        const later = { ...stage, nowSeconds: stage.nowSeconds + wait }
        const kind = status === 'reported' ? 'resolve' : 'settle'
        const played = { sender: cast.outsider, call: { kind, terms } as const }
        assert.ok(call(later, block + answerBlocks, played).ok)
      }
    }),
    { numRuns: 100, seed: 4711 },
  )
})

test('claims in any split and order pay the same', () => {
  const offsets = fc.array(fc.nat(80), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(offsets, fc.constantFrom(333_333_333n, 7_000_000_001n), (split, speed) => {
      const base = opening()
      const [tenant] = cast.tenants
      const [host] = cast.hosts
      const dice = Array.from({ length: 12 }, () => 50)
      const opens = playMove(
        { verb: 'open', who: 0, lease: 0, dice, waitSeconds: 1, blocks: 1, aim: 99 },
        base,
        props,
      )
      assert.ok(opens.call.kind === 'open')
      const terms = { ...opens.call.terms, tenant, host, rate: speed } as typeof opens.call.terms
      const signature = paperSign(host, { kind: 'terms', terms })
      const deposit = tokenAmount(650n)
      const opened = call(base, 5, {
        sender: tenant,
        call: { kind: 'open', terms, deposit, signature },
      })
      assert.ok(opened.ok)
      const lease = paperSigning.leaseIdOf(terms)
      const earn = (untils: readonly number[]): bigint => {
        let state = opened.state
        for (const offset of untils) {
          const receipt = {
            lease,
            until: base.nowSeconds + offset,
            extra: tokenAmount(BigInt(offset)),
          }
          const item = { terms, until: receipt.until, extra: receipt.extra }
          const by = paperSign(cast.signer, { kind: 'receipt', receipt })
          const stage = { ...base, state, nowSeconds: base.nowSeconds + 80 }
          const result = call(stage, 6, {
            sender: host,
            call: { kind: 'claim', ...item, signature: by },
          })
          assert.ok(result.ok)
          state = result.state
        }
        return balanceOf(state, host)
      }
      assert.equal(earn(split), earn([Math.max(...split)]))
    }),
  )
})
