import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '#adapters/memory/clock'
import { createMemoryEngine } from '#adapters/memory/engine'
import { memoryImage } from '#adapters/memory/engine-images'
import type { BodyPart } from '#protocol/peer/call'
import { imageEnsure, imageLoad } from '#protocol/peer/host-routes'
import { play, rejects, startMs } from '../../test/integration/host/stage.ts'

test(
  'an image that only the tenant has is sent, and another one in its place is not kept',
  play(async ({ engine, rig }) => {
    const lease = await rig.lease(600)
    const mine = memoryImage('mine:1')
    const reference = { reference: 'mine:1', digest: mine.id, source: 'tenant' } as const
    await assert.rejects(
      rig.call(imageEnsure, { lease, image: reference }),
      rejects('image-not-found'),
    )
    const saved = (other: typeof mine) =>
      (async function* (): AsyncGenerator<BodyPart> {
        const source = createMemoryEngine({
          clock: createVirtualClock({ startMs }),
          images: [other],
        })
        for await (const bytes of source.save(other.id, rig.signal)) yield { kind: 'data', bytes }
      })()
    const evil = memoryImage('evil:1')
    await assert.rejects(
      rig.call(imageLoad, { lease, image: reference }, saved(evil)),
      rejects('corrupt'),
    )
    assert.equal(await engine.image(evil.id, rig.signal), undefined)
    await rig.call(imageLoad, { lease, image: reference }, saved(mine))
    const { result } = await rig.call(imageEnsure, { lease, image: reference })
    assert.equal(result.present, true)
  }),
)
