import { ArtelError, toArtelError } from '#core/errors'
import type { Address, LeaseId } from '#core/ids'
import { createSerial } from '#core/serial'
import type { Engine } from '#ports/engine'
import type { Firewall } from '#ports/firewall'
import type { Log } from '#ports/log'
import type { Records } from '#ports/records'
import { type HostNetwork, hostNetworkSchema, hostTables } from '#protocol/host-records'
import { bridgeName, labelKeys, leaseLabels, networkName, nodeLabel } from './labels.ts'
import { freeSubnets, parseSubnetPool } from './subnets.ts'
import { createTable } from './table.ts'

/** The bridges of leases: one each, cut off from the owner's LAN, this machine and other leases. */
export type Networks = {
  /** The name of the lease's network, made and isolated if need be. */
  readonly ensure: (lease: LeaseId, signal: AbortSignal) => Promise<string>
  /** Idempotent. */
  readonly remove: (lease: LeaseId, signal: AbortSignal) => Promise<void>
  /** Removes what earlier lives of this node left for leases that are none of `live`. */
  readonly sweep: (live: ReadonlySet<LeaseId>, signal: AbortSignal) => Promise<void>
}

export type NetworksComponents = {
  readonly engine: Engine
  readonly firewall: Firewall
  readonly records: Records
  readonly log: Log
}

export type NetworksOptions = {
  readonly node: Address
  /** An IPv4 range such as `10.213.0.0/16`, of which every lease gets a /28. */
  readonly subnetPool: string
}

const subnetPrefix = 28
/** Subnets that are tried when the engine has other networks on ours. */
const attemptsMax = 32

export const createNetworks = (
  components: NetworksComponents,
  options: NetworksOptions,
): Networks => {
  const { engine, firewall, records, log } = components
  const pool = parseSubnetPool(options.subnetPool, subnetPrefix)
  const table = createTable(records, hostTables.networks, hostNetworkSchema)
  const serial = createSerial()
  const ready = new Set<string>()

  /** Undefined when it was made, else why this subnet will not do. */
  const tryCreate = async (
    lease: LeaseId,
    network: HostNetwork,
    signal: AbortSignal,
  ): Promise<ArtelError | undefined> => {
    records.transaction(() => table.put(lease, network))
    try {
      await engine.createNetwork({ ...network, labels: leaseLabels(options.node, lease) }, signal)
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      const refusal = toArtelError(error)
      if (refusal.code === 'unavailable' || refusal.code === 'timeout') throw error
      return refusal
    }
  }

  const create = async (lease: LeaseId, signal: AbortSignal): Promise<HostNetwork> => {
    const known = await engine.networks(labelKeys.node, signal)
    const taken = new Set(known.map(({ subnet }) => subnet))
    let attempts = 0
    let cause: ArtelError | undefined
    for (const subnet of freeSubnets(pool, lease, taken)) {
      const network = { name: networkName(lease), bridge: bridgeName(lease), subnet }
      cause = await tryCreate(lease, network, signal)
      if (cause === undefined) return network
      attempts += 1
      if (attempts === attemptsMax) break
    }
    throw new ArtelError('busy', `no free network in ${options.subnetPool}`, {
      hint: 'give the node another range of addresses',
      cause,
    })
  }

  const release = async (lease: string, signal: AbortSignal): Promise<void> => {
    const network = table.get(lease)
    if (network === undefined) return
    ready.delete(lease)
    await engine.removeNetwork(network.name, signal)
    await firewall.release(network.bridge, signal)
    records.transaction(() => table.delete(lease))
  }

  const makeReady = async (lease: LeaseId, signal: AbortSignal): Promise<string> => {
    const name = networkName(lease)
    if (ready.has(lease)) return name
    const present = (await engine.networks(nodeLabel(options.node), signal)).find(
      (network) => network.name === name,
    )
    const network = present ?? (await create(lease, signal))
    records.transaction(() => table.put(lease, { ...network }))
    // No container gets in before the rules stand: the name is handed out only after this.
    await firewall.isolate({ ...network, egress: true }, signal)
    ready.add(lease)
    return name
  }

  return {
    ensure: (lease, signal) => serial(() => makeReady(lease, signal)),
    remove: (lease, signal) => serial(() => release(lease, signal)),
    sweep: (live, signal) =>
      serial(async () => {
        const kept = new Set<string>(live)
        for (const { key } of table.all()) {
          if (kept.has(key)) continue
          log.info('removing the network of an ended lease', { lease: key })
          await release(key, signal)
        }
      }),
  }
}
