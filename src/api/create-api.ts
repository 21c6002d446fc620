import { Hono } from 'hono'
import { ArtelError } from '#core/errors'
import type { Clock } from '#ports/clock'
import type { Log } from '#ports/log'
import type { Records } from '#ports/records'
import type { Endpoint } from './endpoint.ts'
import { errorResponse } from './error-response.ts'
import { createIdempotency } from './idempotency.ts'
import { openApiDocument } from './openapi.ts'
import { blobRoutes } from './routes/blobs.ts'
import { hostRoutes } from './routes/host.ts'
import { leaseRoutes } from './routes/leases.ts'
import { mapRoutes } from './routes/maps.ts'
import { marketRoutes } from './routes/market.ts'
import { nodeRoutes } from './routes/node.ts'
import { runRoutes } from './routes/runs.ts'
import { walletRoutes } from './routes/wallet.ts'
import { jsonResponse, type ServeContext, serveEndpoint } from './serve-endpoint.ts'
import type { Services } from './services.ts'

export type ApiComponents = {
  readonly services: Services
  readonly records: Records
  readonly clock: Clock
  readonly log: Log
}

/** The API behind its doors: answers web Requests; its interactive streams are in `interactive.ts`. */
export type Api = Pick<ApiComponents, 'services' | 'clock' | 'log'> & {
  readonly fetch: (request: Request) => Promise<Response>
  /** Aborts when the API begins to stop. */
  readonly stopping: AbortSignal
  /** Refuses new requests, ends followers at once and the rest after a grace of 5 s; waits for all. */
  readonly stop: () => Promise<void>
}

const stopGraceMs = 5000
const requestsMax = 512

export const createApi = (components: ApiComponents): Api => {
  const { services, clock, log } = components
  const stopping = new AbortController()
  const ending = new AbortController()
  const inFlight = new Set<Promise<Response>>()
  const app = createApp(endpointsOf(components), {
    clock,
    log,
    once: createIdempotency(components),
    stopping: stopping.signal,
    ending: ending.signal,
  })
  return {
    services,
    clock,
    log,
    stopping: stopping.signal,
    fetch: async (request) => {
      if (stopping.signal.aborted || inFlight.size >= requestsMax) return errorResponse(refusal())
      const answer = Promise.resolve(app.fetch(request))
      inFlight.add(answer)
      try {
        return await answer
      } finally {
        inFlight.delete(answer)
      }
    },
    stop: async () => {
      const reason = new ArtelError('cancelled', 'the daemon is stopping')
      stopping.abort(reason)
      const done = Promise.allSettled([...inFlight])
      const graceOver = new AbortController()
      const grace = clock.sleep(stopGraceMs, graceOver.signal).catch(() => undefined)
      await Promise.race([done, grace])
      graceOver.abort()
      ending.abort(reason)
      await done
    },
  }
}

const refusal = (): ArtelError =>
  new ArtelError('busy', 'the daemon is stopping or has too many requests at once', {
    hint: 'Try again in a moment.',
  })

/** Every route of the API, in the order of its description. */
export const endpointsOf = ({
  services,
  clock,
}: Pick<ApiComponents, 'services' | 'clock'>): readonly Endpoint[] => [
  ...runRoutes(services.runs, clock),
  ...mapRoutes(services.maps),
  ...blobRoutes(services.blobs),
  ...marketRoutes(services.market),
  ...leaseRoutes(services.leases),
  ...walletRoutes(services.wallet),
  ...hostRoutes(services.host),
  ...nodeRoutes(services.node),
]

const createApp = (endpoints: readonly Endpoint[], context: ServeContext): Hono => {
  const app = new Hono()
  const document = JSON.stringify(openApiDocument(endpoints))
  app.get('/openapi.json', () => jsonResponse({ status: 200, text: document }))
  for (const endpoint of endpoints) {
    app.on(endpoint.method, endpoint.path.replace(/\{(\w+)\}/g, ':$1'), (c) => {
      const asked = { request: c.req.raw, params: c.req.param(), query: c.req.query() }
      return serveEndpoint(endpoint, asked, context)
    })
  }
  app.notFound((c) =>
    errorResponse(
      new ArtelError('not-found', `no route ${c.req.method} ${c.req.path.slice(0, 200)}`, {
        hint: 'GET /openapi.json lists the routes.',
      }),
    ),
  )
  app.onError((error) => {
    context.log.error('a request failed', { error: String(error) })
    return errorResponse(error)
  })
  return app
}
