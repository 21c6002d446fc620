import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LeaseId, RunId } from '#core/ids'
import { createOutputDecoder } from '#protocol/output'
import type { BodyPart } from '#protocol/peer/call'
import { runCreate, runOutput } from '#protocol/peer/host-routes'
import type { Rig } from '../../test/integration/host/rig.ts'
import { newRun, parts, play, rejects, sh } from '../../test/integration/host/stage.ts'

const spoolBytesMax = 256 * 1024
const wanted = 4_000_000

const start = async (rig: Rig, lease: LeaseId): Promise<RunId> => {
  const run = newRun()
  const spec = sh(`head -c ${wanted} /dev/zero; echo end`)
  await rig.call(runCreate, { lease, run, spec, start: true, holdOutput: true })
  return run
}

/** A reader that keeps what it got, and perhaps confirms it, until it is cut off or the output ends. */
const createReader = (rig: Rig, lease: LeaseId, run: RunId) => {
  const kept: Uint8Array[] = []
  let offset = 0
  const read = async (cutAfterBytes: number, confirms: boolean): Promise<void> => {
    const { readable, writable } = new TransformStream<BodyPart, BodyPart>(
      {},
      { highWaterMark: 1024 },
    )
    const confirmations = writable.getWriter()
    const params = { lease, run, offset, follow: true }
    const { result, body } = await rig.call(runOutput, params, readable)
    assert.equal(result.startOffset, offset, 'nothing was lost')
    let got = 0
    for await (const part of body) {
      if (part.kind !== 'data') continue
      got += part.bytes.length
      // What comes with the cut does not arrive.
      if (got > cutAfterBytes) break
      kept.push(part.bytes)
      offset += part.bytes.length
      if (confirms) {
        const told = confirmations.write({ kind: 'control', value: { confirmed: offset } })
        told.catch(() => undefined)
      }
    }
  }
  const text = (): string => {
    const frames = createOutputDecoder().push(Buffer.concat(kept))
    return Buffer.concat(frames.map(({ bytes }) => bytes)).toString()
  }
  return { read, text }
}

test(
  'a reader of held output that is cut off again and again gets every byte',
  play(
    async ({ rig }) => {
      const lease = await rig.lease(600)
      const reader = createReader(rig, lease, await start(rig, lease))
      for (const cutAfterBytes of [0, 100_000, 900_000, 50_000, 1_500_000]) {
        await reader.read(cutAfterBytes, true)
      }
      await reader.read(0, true)
      await reader.read(Number.POSITIVE_INFINITY, true)
      assert.equal(reader.text(), `${'\0'.repeat(wanted)}end\n`)
    },
    { spoolBytesMax },
  ),
)

test(
  'coming back for the rest confirms what came before',
  play(
    async ({ rig }) => {
      const lease = await rig.lease(600)
      const reader = createReader(rig, lease, await start(rig, lease))
      for (let calls = 0; calls < 60 && !reader.text().endsWith('end\n'); calls += 1) {
        await reader.read(128 * 1024, false)
      }
      assert.equal(reader.text(), `${'\0'.repeat(wanted)}end\n`)
    },
    { spoolBytesMax },
  ),
)

test(
  'a message that confirms nothing ends the reading',
  play(async ({ rig }) => {
    const lease = await rig.lease(600)
    const run = await start(rig, lease)
    const params = { lease, run, offset: 0, follow: true }
    await assert.rejects(async () => {
      const { body } = await rig.call(runOutput, params, parts('not a confirmation'))
      for await (const part of body) assert.ok(part.kind === 'data' || part.kind === 'control')
    }, rejects('bad-request'))
  }),
)
