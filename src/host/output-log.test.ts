import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createVirtualClock } from '#adapters/memory/clock'
import { createMemorySpools } from '#adapters/memory/spools'
import { createSerial } from '#core/serial'
import { createOutputDecoder, type OutputFrame, outputHeaderBytes } from '#protocol/output'
import { createOutputLog, type OutputLog, type OutputQuery } from './output-log.ts'

const signal = new AbortController().signal
const clock = createVirtualClock({ startMs: 1_000 })

const openLog = async (bytesMax = 1024 * 1024, hold = false): Promise<OutputLog> => {
  const spool = await createMemorySpools().open('log', bytesMax)
  return createOutputLog({ clock, spool, scans: createSerial() }, { bytesMax, hold })
}
const say = (log: OutputLog, text: string, stream: 'stdout' | 'stderr' = 'stdout') =>
  log.append({ stream, bytes: new TextEncoder().encode(text) }, signal)

/** What a reader gets: the frames, the first offset and the offset that it has reached. */
const readAll = async (log: OutputLog, query: Partial<OutputQuery>) => {
  const reading = await log.read({ offset: 0, follow: false, ...query }, signal)
  const decoder = createOutputDecoder()
  const frames: OutputFrame[] = []
  let at = 0
  let first: number | undefined
  for await (const part of reading.parts) {
    if ('offset' in part) {
      at = part.offset
      first ??= part.offset
    } else {
      frames.push(...decoder.push(part.bytes))
      at += part.bytes.length
    }
  }
  assert.equal(decoder.pendingBytes(), 0)
  const text = frames.map(({ bytes }) => Buffer.from(bytes).toString()).join('')
  return { text, frames, first: first ?? 0, at, end: reading.endOffset }
}

test('a reader gets what was said on which stream, in order', async () => {
  const log = await openLog()
  await say(log, 'a\n')
  await say(log, 'b\n', 'stderr')
  const { frames } = await readAll(log, {})
  assert.deepEqual(
    frames.map(({ stream, bytes }) => [stream, Buffer.from(bytes).toString()]),
    [
      ['stdout', 'a\n'],
      ['stderr', 'b\n'],
    ],
  )
})

test('the last lines begin in the middle of what was said at once', async () => {
  const log = await openLog()
  await say(log, 'one\ntwo\nthr')
  await say(log, 'ee\nfour\n')
  assert.equal((await readAll(log, { tailLines: 2 })).text, 'three\nfour\n')
  assert.equal((await readAll(log, { tailLines: 0 })).text, '')
  assert.equal((await readAll(log, { tailLines: 99 })).text, 'one\ntwo\nthree\nfour\n')
})

test('any tail is the end of the whole, and its offsets lead to the same end', async () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 10 }), fc.nat(8), async (pieces, lines) => {
      const log = await openLog()
      for (const text of pieces.filter((one) => one !== '')) await say(log, text)
      const whole = pieces.join('')
      const tail = await readAll(log, { tailLines: lines })
      const ends = whole.endsWith('\n') ? whole.slice(0, -1) : whole
      const parts = whole === '' ? [] : ends.split('\n')
      const start = parts.slice(0, Math.max(0, parts.length - lines)).join('\n').length
      const skipped = parts.length > lines ? (lines === 0 ? whole.length : start + 1) : 0
      assert.equal(tail.text, whole.slice(skipped))
      assert.equal(tail.at, tail.end)
    }),
  )
})

test('a reader that was cut inside a shortened frame goes on where it was', async () => {
  const log = await openLog()
  await say(log, 'one\ntwo\nthree\n')
  const tail = await readAll(log, { tailLines: 1 })
  const cut = tail.at - 3
  const rest = await log.read({ offset: cut, follow: false }, signal)
  const bytes: number[] = []
  for await (const part of rest.parts) if ('bytes' in part) bytes.push(...part.bytes)
  assert.equal(Buffer.from(bytes).toString(), 'ee\n')
})

test('time chooses whole frames', async () => {
  const log = await openLog()
  await say(log, 'early\n')
  await clock.advance(5_000)
  await say(log, 'late\n')
  assert.equal((await readAll(log, { sinceMs: clock.nowMs() - 1 })).text, 'late\n')
  assert.equal((await readAll(log, { sinceMs: clock.nowMs() + 1 })).text, '')
})

test('when old output gave way, reading begins at a frame that is whole', async () => {
  const bytesMax = 512 * 1024
  const log = await openLog(bytesMax)
  for (let index = 0; index < 40; index += 1)
    await say(log, 'x'.repeat(64 * 1024 - 1 - (index % 7)))
  const { frames, first, at, end } = await readAll(log, {})
  assert.ok(first > 0)
  assert.ok(frames.length >= 4)
  assert.equal(at, end)
})

test('an offset beyond the end is refused', async () => {
  const log = await openLog()
  await assert.rejects(log.read({ offset: 1, follow: false }, signal), { code: 'bad-request' })
})

const bytesMax = 256 * 1024
const frameBytes = 16 * 1024 + outputHeaderBytes

const textOf = (index: number): string => `${index}`.padStart(16 * 1024, '.')

/** Appends `count` frames and then ends; says how many have gone in. */
const sayMany = (log: OutputLog, count: number) => {
  let written = 0
  const writing = (async () => {
    for (let index = 0; index < count; index += 1) {
      await say(log, textOf(index))
      written += 1
    }
    await log.close()
  })()
  return { writing, written: () => written }
}

test('held output slows the program down until what was read is confirmed', async () => {
  const log = await openLog(bytesMax, true)
  const { writing, written } = sayMany(log, 40)
  await clock.idle()
  const atFirst = written()
  assert.ok(atFirst >= 8 && atFirst < 16, `${atFirst} of 40 were written`)
  const reading = await log.read({ offset: 0, follow: true }, signal)
  let received = 0
  for await (const part of reading.parts) {
    if (!('bytes' in part)) continue
    received += part.bytes.length
    if (received === atFirst * frameBytes) {
      await clock.idle()
      assert.equal(written(), atFirst, 'what was only sent has made no room')
    }
    log.confirm(received)
  }
  await writing
  assert.equal(received, 40 * frameBytes)
})

test('held output survives any cuts, however much was under way', async () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(fc.array(share, { maxLength: 12 }), async (shares) => {
      const log = await openLog(bytesMax, true)
      const { writing } = sayMany(log, 60)
      const kept: Uint8Array[] = []
      let at = 0
      const follow = async (arrives: number, follow: boolean): Promise<void> => {
        const reading = await log.read({ offset: at, follow }, signal)
        assert.equal(reading.startOffset, at)
        for await (const part of reading.parts) {
          if (!('bytes' in part)) continue
          const arrived = part.bytes.subarray(0, Math.floor(part.bytes.length * arrives))
          kept.push(arrived)
          at += arrived.length
          log.confirm(at)
          if (arrived.length < part.bytes.length) break
        }
      }
      for (const arrives of shares) {
        await clock.idle()
        await follow(arrives, false)
      }
      await follow(1, true)
      await writing
      const frames = createOutputDecoder().push(Buffer.concat(kept))
      assert.deepEqual(
        frames.map(({ bytes }) => Buffer.from(bytes).toString()),
        Array.from({ length: 60 }, (_, index) => textOf(index)),
      )
    }),
    { numRuns: 50 },
  )
})

test('held output is let go when its follower stays away', async () => {
  const log = await openLog(bytesMax, true)
  const { writing } = sayMany(log, 40)
  const reading = await log.read({ offset: 0, follow: true }, signal)
  for await (const part of reading.parts) if ('bytes' in part) break
  await clock.advance(60_001)
  await writing
  assert.ok((await log.read({ offset: 0, follow: false }, signal)).startOffset > 0)
})
