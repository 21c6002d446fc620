import type { VirtualClock } from '#adapters/memory/clock'
import type { MemoryInternet } from '#adapters/memory/network'
import type { Address, PeerId } from '#core/ids'
import type { Fault, FaultKind, NodeRef } from './faults.ts'
import type { Partitions } from './partitions.ts'
import type { Site } from './site.ts'

/** A host that faults can hit. */
export type HostTarget = {
  readonly site: Pick<Site<unknown>, 'signer' | 'start' | 'crash' | 'hinder'>
  readonly setEngineFailing: (failing: boolean) => void
  /** Kills what runs in containers, as the end of their machine does. */
  readonly killContainers: () => Promise<void>
  /** The owner has enough; resolves when the host has left. */
  readonly leave: (drainSeconds: number) => Promise<void>
}

export type TenantTarget = { readonly site: HostTarget['site'] }

export type FaultTargets = {
  readonly clock: VirtualClock
  readonly hosts: readonly HostTarget[]
  readonly tenants: readonly TenantTarget[]
  readonly internet: Pick<MemoryInternet, 'setLink'>
  readonly partitions: Partitions
  readonly chain: {
    readonly reorg: (depth: number, drop: boolean) => void
    readonly setOutage: (account: Address, out: boolean) => void
  }
  readonly usualLatencyMs: number
}

export type FaultDriver = {
  /** Resolves when every fault has happened and is over. */
  readonly inflict: (faults: readonly Fault[], signal: AbortSignal) => Promise<void>
  readonly inflicted: () => Readonly<Partial<Record<FaultKind, number>>>
}

type OfKind<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>

const createNaming = ({ hosts, tenants }: FaultTargets) => {
  const targetOf = ({ role, index }: NodeRef): TenantTarget | undefined =>
    role === 'host' ? hosts[index] : tenants[index]
  const peerOf = (node: NodeRef): readonly PeerId[] => {
    const target = targetOf(node)
    return target === undefined ? [] : [target.site.signer.peerId]
  }
  const everybody = (): readonly PeerId[] =>
    [...hosts, ...tenants].map(({ site }) => site.signer.peerId)
  return { targetOf, peerOf, everybody }
}

/** What befalls one node: a crash, or something in its way. */
const createNodeFaults = (targets: FaultTargets) => {
  const { clock, hosts } = targets
  const { targetOf } = createNaming(targets)
  /** A node that is down, starting or gone is not hit again. */
  const busy = new Set<Address>()

  const down = async (
    target: TenantTarget | undefined,
    how: 'reset' | 'silent',
    forMs: number,
    signal: AbortSignal,
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<void> => {
    const site = target?.site
    if (site === undefined || busy.has(site.signer.address)) return
    busy.add(site.signer.address)
    site.crash(how)
    await meanwhile()
    await clock.sleep(forMs, signal)
    await site.start()
    busy.delete(site.signer.address)
  }
  const hinder = async (
    target: TenantTarget | undefined,
    set: (address: Address, on: boolean) => void,
    forMs: number,
    signal: AbortSignal,
  ): Promise<void> => {
    const site = target?.site
    if (site === undefined) return
    site.hinder(true)
    set(site.signer.address, true)
    await clock.sleep(forMs, signal)
    set(site.signer.address, false)
    site.hinder(false)
  }
  return {
    crash: ({ node, forMs }: OfKind<'crash'>, signal: AbortSignal) =>
      down(targetOf(node), 'reset', forMs, signal),
    cutPower: ({ host, forMs }: OfKind<'power-cut'>, signal: AbortSignal) =>
      down(hosts[host], 'silent', forMs, signal, hosts[host]?.killContainers),
    stopRpc: ({ node, forMs }: OfKind<'rpc-outage'>, signal: AbortSignal) =>
      hinder(targetOf(node), targets.chain.setOutage, forMs, signal),
    failEngine: ({ host, forMs }: OfKind<'engine-failure'>, signal: AbortSignal) =>
      hinder(hosts[host], (_, on) => hosts[host]?.setEngineFailing(on), forMs, signal),
    leave: async ({ host, drainSeconds }: OfKind<'leave'>): Promise<void> => {
      const target = hosts[host]
      if (target === undefined || busy.has(target.site.signer.address)) return
      busy.add(target.site.signer.address)
      await target.leave(drainSeconds)
    },
  }
}

/** What befalls the ways between nodes. */
const createLinkFaults = (targets: FaultTargets) => {
  const { clock, internet, partitions, usualLatencyMs } = targets
  const { peerOf, everybody } = createNaming(targets)
  return {
    part: async ({ nodes, forMs }: OfKind<'partition'>, signal: AbortSignal): Promise<void> => {
      const group = nodes.flatMap(peerOf)
      const others = everybody().filter((peer) => !group.includes(peer))
      partitions.cut(group, others)
      await clock.sleep(forMs, signal)
      partitions.heal(group, others)
    },
    slow: async (fault: OfKind<'slow-link'>, signal: AbortSignal): Promise<void> => {
      const [a] = peerOf(fault.a)
      const [b] = peerOf(fault.b)
      if (a === undefined || b === undefined || a === b) return
      internet.setLink(a, b, { latencyMs: fault.latencyMs })
      await clock.sleep(fault.forMs, signal)
      internet.setLink(a, b, { latencyMs: usualLatencyMs })
    },
  }
}

export const createFaultDriver = (
  targets: FaultTargets,
  onFault: (fault: Fault) => void,
): FaultDriver => {
  const { clock, chain } = targets
  const nodes = createNodeFaults(targets)
  const links = createLinkFaults(targets)
  const counts: Partial<Record<FaultKind, number>> = {}

  const inflictOne = async (fault: Fault, signal: AbortSignal): Promise<void> => {
    switch (fault.kind) {
      case 'crash':
        return nodes.crash(fault, signal)
      case 'power-cut':
        return nodes.cutPower(fault, signal)
      case 'partition':
        return links.part(fault, signal)
      case 'slow-link':
        return links.slow(fault, signal)
      case 'reorg':
        return chain.reorg(fault.depth, fault.drop)
      case 'rpc-outage':
        return nodes.stopRpc(fault, signal)
      case 'engine-failure':
        return nodes.failEngine(fault, signal)
      case 'leave':
        return nodes.leave(fault)
    }
  }

  return {
    inflict: async (faults, signal) => {
      const beganMs = clock.monotonicMs()
      const inflicted = faults.map(async (fault) => {
        await clock.sleep(beganMs + fault.atMs - clock.monotonicMs(), signal)
        counts[fault.kind] = (counts[fault.kind] ?? 0) + 1
        onFault(fault)
        await inflictOne(fault, signal)
      })
      await Promise.all(inflicted)
    },
    inflicted: () => counts,
  }
}
