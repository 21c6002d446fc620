import { readFileSync } from 'node:fs'
import type { Services } from '#api/services'
import { ArtelError } from '#core/errors'
import type { Engine } from '#ports/engine'
import type { StatusView } from '#protocol/api/node'
import type { Base } from './assemble-base.ts'
import type { Home } from './home.ts'

type Parts = {
  readonly base: Base
  readonly services: Pick<Services, 'runs' | 'leases' | 'host'>
  readonly engine: Engine
  readonly home: Home
  readonly rpcUrl: string
}

/** A head older than this means that the chain stands still or cannot be reached. */
const headAgeSecondsMax = 60
const engineTimeoutMs = 3000

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)
export const version = manifest.version

/** Whether all is well with a node, and if not, what. */
export const createNodeService = (parts: Parts): Services['node'] => {
  const upSinceMs = Date.now()
  return {
    status: async (signal): Promise<StatusView> => {
      const { base, services, home, rpcUrl } = parts
      const { network, chain, signer } = base.ports
      const head = base.follower.head()
      const headAgeSeconds =
        head === undefined ? undefined : Math.max(0, Date.now() / 1000 - head.timestampSeconds)
      const engine = await engineOf(parts.engine, signal)
      const host = services.host.view()
      const peers = network.connected().length
      return {
        version,
        home: home.directory,
        pid: process.pid,
        upSinceMs,
        address: signer.address,
        peer: signer.peerId,
        listening: [...network.addresses()],
        peers,
        offers: base.index.size(),
        chain: {
          chainId: chain.info.chainId,
          rpc: rpcUrl,
          leases: chain.info.leases,
          token: chain.info.tokenInfo,
          pendingTransactions: base.outbox.pending().length,
          ...(head === undefined ? {} : { head: head.number }),
          ...(headAgeSeconds === undefined ? {} : { headAgeSeconds: Math.round(headAgeSeconds) }),
        },
        ...(engine === undefined ? {} : { engine }),
        runs: services.runs.list().filter((run) => run.status !== 'exited').length,
        openLeases: services.leases.list(false).length,
        host: host.state,
        problems: problemsOf({ headAgeSeconds, peers, engine, host }),
      }
    },
  }
}

const engineOf = async (engine: Engine, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(engineTimeoutMs)])
    const info = await engine.info(limit)
    return `${info.name} ${info.version}`
  } catch (error) {
    if (error instanceof ArtelError) return undefined
    throw error
  }
}

const problemsOf = (facts: {
  readonly headAgeSeconds: number | undefined
  readonly peers: number
  readonly engine: string | undefined
  readonly host: ReturnType<Services['host']['view']>
}): string[] => {
  const problems: string[] = []
  if (facts.headAgeSeconds === undefined || facts.headAgeSeconds > headAgeSecondsMax) {
    problems.push('the chain cannot be reached or stands still: check the rpc URL of network.json')
  }
  if (facts.peers === 0) problems.push('no peer is connected: check the bootstrap addresses')
  if (facts.engine === undefined && facts.host.state !== 'absent') {
    problems.push('the container engine does not answer: start Docker')
  }
  if (facts.host.problem !== undefined) problems.push(facts.host.problem)
  return problems
}
