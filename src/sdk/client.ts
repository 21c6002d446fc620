import { askBytes, askDone, askJson, askLines, type CallOptions, pathTo } from './ask.ts'
import { runCalls } from './run-calls.ts'
import type { Transport } from './transport.ts'
import type {
  Blob,
  Earning,
  Host,
  HostJoin,
  Lease,
  MapCreate,
  MapEvent,
  MapView,
  Offer,
  Status,
  Task,
  Transaction,
  Wallet,
  WalletEntry,
} from './types.ts'

/** A typed client of a node's API. Errors of the node come back as the ArtelError that they were. */
export const createClient = (transport: Transport) => {
  const get = <T>(path: string, options?: CallOptions) =>
    askJson<T>(transport, { method: 'GET', path }, options)
  const post = <T>(path: string, body: unknown, options?: CallOptions) =>
    askJson<T>(transport, { method: 'POST', path, body: JSON.stringify(body) }, options)
  return {
    runs: runCalls(transport),
    maps: mapCalls(transport),
    blobs: {
      put: (bytes: AsyncIterable<Uint8Array>, options?: CallOptions) =>
        askJson<Blob>(transport, { method: 'POST', path: '/v1/blobs', body: bytes }, options),
    },
    market: { offers: (options?: CallOptions) => get<readonly Offer[]>('/v1/offers', options) },
    leases: {
      list: (all: boolean, options?: CallOptions) =>
        get<readonly Lease[]>(pathTo(['leases'], { all }), options),
    },
    wallet: {
      view: (options?: CallOptions) => get<Wallet>('/v1/wallet', options),
      history: (options?: CallOptions) =>
        get<readonly WalletEntry[]>('/v1/wallet/history', options),
      deposit: (amount: bigint, options?: CallOptions) =>
        post<Transaction>('/v1/wallet/deposit', { amount: amount.toString() }, options),
      withdraw: (amount: bigint, to: string | undefined, options?: CallOptions) => {
        const request = { amount: amount.toString(), ...(to === undefined ? {} : { to }) }
        return post<Transaction>('/v1/wallet/withdraw', request, options)
      },
    },
    host: {
      view: (options?: CallOptions) => get<Host>('/v1/host', options),
      earnings: (options?: CallOptions) => get<readonly Earning[]>('/v1/host/earnings', options),
      join: (request: HostJoin, options?: CallOptions) =>
        post<Host>('/v1/host/join', request, options),
      pause: (options?: CallOptions) => post<Host>('/v1/host/pause', {}, options),
      resume: (options?: CallOptions) => post<Host>('/v1/host/resume', {}, options),
      leave: (drainSeconds: number, options?: CallOptions) =>
        post<Host>('/v1/host/leave', { drainSeconds }, options),
    },
    node: { status: (options?: CallOptions) => get<Status>('/v1/status', options) },
  }
}

export type Client = ReturnType<typeof createClient>

const mapCalls = (transport: Transport) => ({
  create: (request: MapCreate, options?: CallOptions) =>
    askJson<MapView>(
      transport,
      { method: 'POST', path: '/v1/maps', body: JSON.stringify(request) },
      options,
    ),
  list: (options?: CallOptions) =>
    askJson<readonly MapView[]>(transport, { method: 'GET', path: '/v1/maps' }, options),
  get: (id: string, options?: CallOptions) =>
    askJson<MapView>(transport, { method: 'GET', path: pathTo(['maps', id]) }, options),
  /** A page of at most 10,000 tasks. */
  tasks: (id: string, from: number, options?: CallOptions) => {
    const path = pathTo(['maps', id, 'tasks'], { from })
    return askJson<readonly Task[]>(transport, { method: 'GET', path }, options)
  },
  events: (id: string, options?: CallOptions) =>
    askLines<MapEvent>(transport, { method: 'GET', path: pathTo(['maps', id, 'events']) }, options),
  output: (id: string, index: number, options?: CallOptions) => {
    const path = pathTo(['maps', id, 'tasks', index, 'output'])
    return askBytes(transport, { method: 'GET', path }, options)
  },
  cancel: (id: string, options?: CallOptions) =>
    askJson<MapView>(
      transport,
      { method: 'POST', path: pathTo(['maps', id, 'cancel']), body: '{}' },
      options,
    ),
  remove: (id: string, options?: CallOptions) =>
    askDone(transport, { method: 'DELETE', path: pathTo(['maps', id]) }, options),
})
