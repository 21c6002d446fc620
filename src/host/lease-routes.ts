import { ArtelError } from '#core/errors'
import { deniesImage } from '#core/host-rules'
import type { ImageReference } from '#core/manifest'
import type { Server } from '#peers/server'
import type { Clock } from '#ports/clock'
import type { BodyPart } from '#protocol/peer/call'
import {
  bidRequest,
  imageEnsure,
  imageLoad,
  leaseStatus,
  leaseWatch,
  receiptPut,
} from '#protocol/peer/host-routes'
import type { Bidding } from './bidding.ts'
import { bytesOf } from './body-bytes.ts'
import type { Images } from './images.ts'
import type { LeaseAccess } from './lease-access.ts'
import type { LeaseStore } from './lease-store.ts'
import { acceptReceipt, type ReceiptsComponents } from './receipts.ts'
import type { RunStore } from './run-store.ts'
import type { Selling } from './selling.ts'
import { watchersPerLeaseMax, watchLease } from './watch.ts'

export type LeaseRoutesComponents = ReceiptsComponents & {
  readonly access: LeaseAccess
  readonly bidding: Bidding
  readonly clock: Clock
  readonly images: Images
  readonly leases: LeaseStore
  readonly runs: RunStore
  readonly selling: () => Selling | { readonly problem: string }
}

type Unhandle = () => void

/** Serves what tenants ask about leases and images; returns what ends it. */
export const serveLeases = (
  server: Pick<Server, 'handle'>,
  components: LeaseRoutesComponents,
): readonly Unhandle[] => {
  const { access, bidding, runs } = components
  return [
    server.handle(bidRequest, async ({ params, peer, signal }) => ({
      result: await bidding.bid(params, peer, signal),
    })),
    server.handle(receiptPut, async ({ params, peer }) => {
      const lease = access.any(params.receipt.lease, peer)
      acceptReceipt(components, lease, params.receipt, params.signature)
      return { result: {} }
    }),
    server.handle(leaseStatus, async ({ params, peer }) => {
      const lease = access.any(params.lease, peer)
      return {
        result: {
          terms: lease.terms,
          status: statusOf(lease.state),
          acknowledgedUntil: lease.receipt?.until ?? 0,
          extra: lease.receipt?.extra ?? lease.terms.extraMax,
          runs: runs.ofLease(lease.id).map(({ run, state }) => ({ run, state })),
        },
      }
    }),
    serveWatch(server, components),
    ...serveImages(server, components),
  ]
}

const statusOf = (state: ReturnType<LeaseAccess['any']>['state']) => {
  if (state === 'bid' || state === 'lapsed') return 'awaited'
  return state === 'running' ? 'running' : 'ended'
}

const serveWatch = (
  server: Pick<Server, 'handle'>,
  { access, clock, leases, runs }: LeaseRoutesComponents,
): Unhandle => {
  const watchers = new Map<string, number>()
  const counted = async function* (id: string, parts: AsyncIterable<BodyPart>) {
    watchers.set(id, (watchers.get(id) ?? 0) + 1)
    try {
      yield* parts
    } finally {
      const left = (watchers.get(id) ?? 1) - 1
      if (left === 0) watchers.delete(id)
      else watchers.set(id, left)
    }
  }
  return server.handle(leaseWatch, async ({ params, peer, signal }) => {
    const lease = access.any(params.lease, peer)
    if ((watchers.get(lease.id) ?? 0) >= watchersPerLeaseMax) {
      throw new ArtelError('busy', 'too many watch this lease')
    }
    const parts = watchLease({ clock, leases, runs }, lease.id, signal)
    return { result: { nowMs: clock.nowMs() }, body: counted(lease.id, parts) }
  })
}

const serveImages = (
  server: Pick<Server, 'handle'>,
  { access, images, selling }: LeaseRoutesComponents,
): readonly Unhandle[] => {
  const refuseDenied = (image: ImageReference): void => {
    const now = selling()
    if (!('problem' in now) && deniesImage(now.rules, image)) {
      throw new ArtelError('refused', `this host does not run the image ${image.reference}`)
    }
  }
  const progress = async function* (
    image: ImageReference,
    signal: AbortSignal,
  ): AsyncGenerator<BodyPart> {
    for await (const { doneBytes, totalBytes } of images.pull(image, signal)) {
      yield { kind: 'control', value: { doneBytes, totalBytes } }
    }
  }
  return [
    server.handle(imageEnsure, async ({ params, peer, signal }) => {
      await access.running(params.lease, peer, signal)
      refuseDenied(params.image)
      if ((await images.find(params.image, signal)) !== undefined) {
        return { result: { present: true } }
      }
      if (params.image.source !== 'registry') {
        throw new ArtelError('image-not-found', `only the tenant has ${params.image.reference}`)
      }
      return { result: { present: false }, body: progress(params.image, signal) }
    }),
    server.handle(imageLoad, async ({ params, peer, body, signal }) => {
      await access.running(params.lease, peer, signal)
      refuseDenied(params.image)
      await images.load(params.image, bytesOf(body), signal)
      return { result: {} }
    }),
  ]
}
