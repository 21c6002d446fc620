import { toArtelError } from '#core/errors'
import type { LeaseId } from '#core/ids'
import { createSerial } from '#core/serial'
import type { Clock } from '#ports/clock'
import type { Engine } from '#ports/engine'
import type { Firewall } from '#ports/firewall'
import type { Log } from '#ports/log'
import type { Machine } from '#ports/machine'
import type { HostLease } from '#protocol/host-records'
import type { LeaseStore } from './lease-store.ts'
import type { Networks } from './networks.ts'
import type { Runs } from './runs.ts'
import type { HostFacts } from './selling.ts'

export type ReadinessComponents = {
  readonly clock: Clock
  readonly engine: Engine
  readonly firewall: Firewall
  readonly leases: LeaseStore
  readonly log: Log
  readonly machine: Machine
  readonly networks: Networks
  readonly runs: Runs
  /** Called when facts or problem changed. */
  readonly onChange: () => void
}

/** How long the processor's speed is measured. */
const benchmarkMs = 200
const probeEveryMs = 30_000
const retryMs = 5_000

/** Whether this machine and its engine can host, found out and kept up to date. */
export class Readiness {
  readonly #components: ReadinessComponents
  readonly #serial = createSerial()
  #facts: HostFacts | undefined
  #problem: string | undefined
  #adopted = false

  constructor(components: ReadinessComponents) {
    this.#components = components
  }

  facts(): HostFacts | undefined {
    return this.#problem === undefined ? this.#facts : undefined
  }

  /** Why this machine cannot host now. */
  problem(): string | undefined {
    return this.#problem
  }

  /** Whether what earlier lives of this node left in the engine has been taken up. */
  ready(): boolean {
    return this.#adopted
  }

  /** Reads the machine and takes up what is there. Throws what stands in the way, such as 'unavailable'. */
  prepare(signal: AbortSignal): Promise<void> {
    return this.#serial(async () => {
      try {
        this.#facts = await this.#read(signal)
        if (!this.#adopted) await this.#adopt(signal)
        this.#say(undefined)
      } catch (error) {
        signal.throwIfAborted()
        this.#say(toArtelError(error).message)
        throw error
      }
    })
  }

  /** Prepares until it works, then looks whether it still does. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      let waitMs = probeEveryMs
      try {
        await this.prepare(signal)
      } catch (error) {
        signal.throwIfAborted()
        const { code, message } = toArtelError(error)
        this.#components.log.warn('this machine cannot host', { code, message })
        waitMs = retryMs
      }
      await this.#components.clock.sleep(waitMs, signal)
    }
  }

  #say(problem: string | undefined): void {
    const changed = problem !== this.#problem
    this.#problem = problem
    if (changed) this.#components.onChange()
  }

  async #read(signal: AbortSignal): Promise<HostFacts> {
    const { engine, firewall, machine } = this.#components
    const info = await engine.info(signal)
    const cpuScore = this.#facts?.cpuScore ?? (await machine.benchmark(benchmarkMs, signal))
    return {
      engine: info,
      machine: this.#facts?.machine ?? (await machine.facts(signal)),
      cpuScore,
      firewall: await firewall.available(signal),
    }
  }

  async #adopt(signal: AbortSignal): Promise<void> {
    const { leases, networks, runs } = this.#components
    const live = new Map<LeaseId, HostLease>(
      leases
        .all()
        .filter(({ state }) => state === 'running' || state === 'ending')
        .map((lease) => [lease.id, lease]),
    )
    await runs.adopt(live, signal)
    await networks.sweep(new Set(live.keys()), signal)
    this.#adopted = true
    this.#components.onChange()
  }
}
