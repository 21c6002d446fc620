import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ArtelError } from '#core/errors'
import type { Spool, Spools } from '#ports/spools'

export type SpoolsUnderTest = {
  readonly spools: Spools
  /** The same spools after the node has restarted. */
  readonly reopen: () => Promise<Spools>
  readonly close: () => Promise<void>
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What every spools adapter must do. */
export const spoolsSuite = (name: string, begin: () => Promise<SpoolsUnderTest>): void => {
  describe(`${name} spools`, { timeout: 30_000 }, () => {
    const signal = AbortSignal.timeout(30_000)
    let subject: SpoolsUnderTest
    let spools: Spools
    let serial = 0

    before(async () => {
      subject = await begin()
      spools = subject.spools
    })
    after(() => subject.close())

    const fresh = (bytesMax = 1000): Promise<Spool> => {
      serial += 1
      return spools.open(`spool-${serial}`, bytesMax)
    }
    const readText = async (spool: Spool, from: number, follow = false): Promise<string> => {
      let text = ''
      let next = Math.max(from, spool.start())
      for await (const { offset, bytes } of spool.read(from, follow, signal)) {
        assert.equal(offset, next)
        next += bytes.length
        text += new TextDecoder().decode(bytes)
      }
      return text
    }

    test('gives back from any offset what was appended', async () => {
      const spool = await fresh()
      await spool.append(bytesOf('hello '), signal)
      await spool.append(bytesOf('world'), signal)
      assert.equal(await readText(spool, 0), 'hello world')
      assert.equal(await readText(spool, 6), 'world')
      assert.equal(await readText(spool, 11), '')
      assert.deepEqual([spool.start(), spool.end()], [0, 11])
    })

    test('lets many readers follow until it is closed', async () => {
      const spool = await fresh()
      const reading = [readText(spool, 0, true), readText(spool, 1, true)]
      await spool.append(bytesOf('ab'), signal)
      await spool.append(bytesOf('cd'), signal)
      await spool.close()
      await spool.close()
      assert.deepEqual(await Promise.all(reading), ['abcd', 'bcd'])
      assert.equal(spool.closed(), true)
      await assert.rejects(spool.append(bytesOf('x'), signal), ArtelError)
    })

    test('drops the oldest bytes at its bound and raises an offset that is gone', async () => {
      const spool = await fresh(100)
      for (let i = 0; i < 50; i += 1)
        await spool.append(bytesOf(String(i).padStart(10, '.')), signal)
      assert.equal(spool.end(), 500)
      assert.ok(spool.end() - spool.start() <= 100)
      assert.ok(spool.end() - spool.start() >= 50)
      const text = await readText(spool, 0)
      assert.equal(text.length, spool.end() - spool.start())
      assert.ok(text.endsWith('........49'))
    })

    test('takes an append that is larger than its bound', async () => {
      const spool = await fresh(100)
      await spool.append(bytesOf(`${'x'.repeat(1000)}end`), signal)
      assert.ok((await readText(spool, 0)).endsWith('xend'))
    })

    test('waits for a reader that is behind, and no longer than it reads', async () => {
      const spool = await fresh(100)
      await spool.append(bytesOf('a'.repeat(100)), signal)
      const reader = spool.read(0, true, signal)[Symbol.asyncIterator]()
      const first = await reader.next()
      assert.equal(first.done, false)
      let appended = false
      const appending = spool.append(bytesOf('b'.repeat(60)), signal).then(() => {
        appended = true
      })
      const reason = new ArtelError('cancelled', 'enough')
      const impatient = spool.append(bytesOf('c'), AbortSignal.abort(reason))
      assert.equal(appended, false)
      let seen = first.value?.bytes.length ?? 0
      while (seen < 160) seen += (await reader.next()).value?.bytes.length ?? Number.NaN
      await reader.return?.()
      await appending
      await assert.rejects(impatient, reason)
      assert.equal(seen, 160)
    })

    test('frees a waiting writer when the reader goes away', async () => {
      const spool = await fresh(100)
      await spool.append(bytesOf('a'.repeat(100)), signal)
      const reader = spool.read(0, false, signal)[Symbol.asyncIterator]()
      await reader.next()
      const appending = spool.append(bytesOf('b'.repeat(100)), signal)
      await reader.return?.()
      await appending
      assert.equal(spool.end(), 200)
    })

    test('gives a following reader up with the reason of its signal', async () => {
      const spool = await fresh()
      const giveUp = new AbortController()
      const reading = spool.read(0, true, giveUp.signal)[Symbol.asyncIterator]().next()
      const reason = new ArtelError('cancelled', 'enough')
      giveUp.abort(reason)
      await assert.rejects(reading, reason)
    })

    test('gives chunks of at most 256 KiB', async () => {
      const spool = await fresh(4 * 1024 * 1024)
      await spool.append(new Uint8Array(900_000), signal)
      let total = 0
      for await (const { bytes } of spool.read(0, false, signal)) {
        assert.ok(bytes.length <= 256 * 1024)
        total += bytes.length
      }
      assert.equal(total, 900_000)
    })

    test('begins where an append began, however long appends are', async () => {
      const spool = await fresh(1000)
      const begins = new Set([0])
      for (let index = 0; index < 200; index += 1) {
        await spool.append(new Uint8Array(1 + ((index * 37) % 300)), signal)
        begins.add(spool.end())
        assert.ok(begins.has(spool.start()), `${spool.start()} is inside of an append`)
        assert.ok(spool.end() - spool.start() <= 1000)
        assert.ok(spool.end() < 1000 || spool.end() - spool.start() >= 700)
      }
    })

    test('survives a restart with its offsets and its end', async () => {
      const name = 'kept'
      const before = await spools.open(name, 100)
      await before.append(bytesOf('x'.repeat(250)), signal)
      const later = await subject.reopen()
      const after = await later.open(name, 100)
      assert.deepEqual([after.start(), after.end()], [before.start(), before.end()])
      assert.equal(after.closed(), false)
      await after.append(bytesOf('tail'), signal)
      await after.close()
      const last = await (await subject.reopen()).open(name, 100)
      assert.equal(last.closed(), true)
      assert.equal(last.end(), 254)
      assert.ok((await readText(last, 0, true)).endsWith('xtail'))
    })

    test('ends the readers of a spool that is removed, and forgets it', async () => {
      const spool = await spools.open('doomed', 100)
      await spool.append(bytesOf('abc'), signal)
      const reading = readText(spool, 0, true)
      assert.ok((await spools.names()).includes('doomed'))
      await spools.remove('doomed')
      await spools.remove('doomed')
      assert.ok(['', 'abc'].includes(await reading))
      assert.ok(!(await spools.names()).includes('doomed'))
      assert.equal((await spools.open('doomed', 100)).end(), 0)
    })

    test('is the same spool for all who open it', async () => {
      const one = await spools.open('shared', 100)
      const other = await spools.open('shared', 100)
      await one.append(bytesOf('a'), signal)
      assert.equal(await readText(other, 0), 'a')
    })
  })
}
