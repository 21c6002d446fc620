import type { ClockIncarnation, VirtualClock } from '#adapters/memory/clock'
import type { MemoryNode } from '#adapters/memory/network-node'
import type { SeededRandom } from '#adapters/memory/random'
import type { MemoryRecords } from '#adapters/memory/records'
import type { Address } from '#core/ids'
import type { Clock } from '#ports/clock'
import type { Startable } from '#ports/lifecycle'
import type { Log } from '#ports/log'
import type { Records } from '#ports/records'
import type { Signer } from '#ports/signer'
import { createLife, type Life, lendRecords } from './life.ts'

/** What every life of a node gets, whatever its role. */
export type LifePorts = {
  readonly life: Life
  readonly clock: Clock
  readonly random: SeededRandom
  readonly log: Log
  readonly records: Records
  readonly network: MemoryNode
}

/** A place where a node lives, dies and lives again: its disk and its key outlive it. */
export type Site<Body> = {
  readonly name: string
  readonly address: Address
  readonly signer: Signer
  /** The node that runs here now. */
  readonly body: () => Body | undefined
  /** Since when it runs without anything in its way, virtual wall milliseconds. */
  readonly soundSinceMs: () => number | undefined
  /** Starts it, again and again like a service manager when that fails. Resolves once it runs. */
  readonly start: () => Promise<void>
  /** The process dies; after `silent` its machine does, and nobody is told. */
  readonly crash: (how: 'reset' | 'silent') => void
  /** Something is in the way of the node (true) or no longer is. */
  readonly hinder: (hindered: boolean) => void
  /** Aborts when its present life crashes. */
  readonly crashed: () => AbortSignal | undefined
  /** Waits of the clock in its present life. */
  readonly waits: () => number
  /** Ends it in order. */
  readonly stop: () => Promise<void>
}

export type SiteComponents = {
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly log: Log
  readonly signer: Signer
  readonly records: MemoryRecords
  /** A new incarnation of this node's place in the internet. */
  readonly network: () => MemoryNode
}

type Running<Body> = {
  readonly life: Life
  readonly network: MemoryNode
  readonly incarnation: ClockIncarnation
  readonly body: Body
}

export type SiteOptions<Body> = {
  readonly name: string
  readonly assemble: (ports: LifePorts) => Body
  /** How far its wall clock is off. */
  readonly skewMs?: number
  /** How the node's clock is tampered with. */
  readonly clockOf?: (clock: Clock) => Clock
}

const retryMs = 5000

const beginLife = <Body>(
  components: SiteComponents,
  options: SiteOptions<Body>,
  number: number,
): Running<Body> => {
  const { clock, random, log, records } = components
  const life = createLife()
  const incarnation = clock.incarnation(options.skewMs ?? 0)
  const network = components.network()
  const body = options.assemble({
    life,
    clock: options.clockOf?.(incarnation.clock) ?? incarnation.clock,
    random: random.fork(`life-${number}`),
    log: log.with({ node: options.name }),
    records: lendRecords(records, life),
    network,
  })
  return { life, network, incarnation, body }
}

/** True once the node runs or is dead, false when its start failed. */
const startLife = (
  { life, network, body }: Running<Startable>,
  onFailure: (error: unknown) => void,
): Promise<boolean> => {
  const work = async (): Promise<boolean> => {
    try {
      await network.start(life.signal)
      await body.start(life.signal)
      return true
    } catch (error) {
      onFailure(error)
      await body.stop()
      await network.stop()
      return false
    }
  }
  // What a dead life awaits never comes: a crash ends the wait.
  const crashed = new Promise<true>((resolve) => {
    life.signal.addEventListener('abort', () => resolve(true), { once: true })
  })
  return Promise.race([work(), crashed])
}

export const createSite = <Body extends Startable>(
  components: SiteComponents,
  options: SiteOptions<Body>,
): Site<Body> => {
  const { clock, log, signer, records } = components
  let lives = 0
  let hindrances = 0
  let current: Running<Body> | undefined
  let running: Running<Body> | undefined
  let soundSinceMs = 0

  const startOnce = async (): Promise<boolean> => {
    lives += 1
    const one = beginLife(components, options, lives)
    current = one
    const started = await startLife(one, (error) =>
      log.warn('start failed', { node: options.name, error: String(error) }),
    )
    if (!started || one.life.over()) return started
    running = one
    soundSinceMs = clock.nowMs()
    return true
  }

  return {
    name: options.name,
    address: signer.address,
    signer,
    body: () => running?.body,
    soundSinceMs: () => (hindrances > 0 || running === undefined ? undefined : soundSinceMs),
    crashed: () => running?.life.signal,
    waits: () => current?.incarnation.waits() ?? 0,
    start: async () => {
      const open = new AbortController().signal
      while (!(await startOnce())) await clock.sleep(retryMs, open)
    },
    crash: (how) => {
      current?.network.crash(how)
      current?.life.end()
      current?.incarnation.revoke()
      records.crash()
      current = undefined
      running = undefined
    },
    hinder: (hindered) => {
      hindrances += hindered ? 1 : -1
      soundSinceMs = clock.nowMs()
    },
    stop: async () => {
      const ending = running
      running = undefined
      await ending?.body.stop()
      await ending?.network.stop()
    },
  }
}
