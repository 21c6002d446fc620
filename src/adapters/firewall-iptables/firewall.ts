import { existsSync } from 'node:fs'
import { ArtelError } from '#core/errors'
import type { Firewall } from '#ports/firewall'
import { type Family, iptables, mustIptables, restoreChains } from './iptables.ts'
import { ownNets } from './own-nets.ts'
import { bridgesIn, forwardChain, inputChain, ip6Drops, jumps, restoreInput } from './rules.ts'

type Placed = { readonly from: string; readonly rule: readonly string[] }

const checkBridge = (bridge: string): string => {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(bridge)) return bridge
  throw new ArtelError('bad-request', `bridge name ${JSON.stringify(bridge)} is not sound`)
}

const checkSubnet = (subnet: string): string => {
  if (/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(subnet)) return subnet
  throw new ArtelError('bad-request', `subnet ${JSON.stringify(subnet)} is no IPv4 network`)
}

const isThere = async (
  family: Family,
  { from, rule }: Placed,
  signal: AbortSignal,
): Promise<boolean> => (await iptables(family, ['-C', from, ...rule], signal)).ok

/** Puts the rule first, where nothing accepts before it. */
const place = async (family: Family, placed: Placed, signal: AbortSignal): Promise<void> => {
  if (await isThere(family, placed, signal)) return
  await mustIptables(family, ['-I', placed.from, '1', ...placed.rule], signal)
}

const displace = async (family: Family, placed: Placed, signal: AbortSignal): Promise<void> => {
  while (await isThere(family, placed, signal)) {
    await mustIptables(family, ['-D', placed.from, ...placed.rule], signal)
  }
}

/** Without IPv6 in the kernel there is nothing to close. */
const hasIp6 = (): boolean => existsSync('/proc/sys/net/ipv6')

/**
 * Rules in iptables, in chains named after the bridge: `DOCKER-USER` and `INPUT` lead there. Needs root in
 * the engine's network namespace and an engine that keeps `DOCKER-USER` (Docker with its iptables on).
 */
export const createIptablesFirewall = (): Firewall => ({
  available: async (signal) => {
    if (process.getuid?.() !== 0) return false
    try {
      return (await iptables('iptables', ['-S', 'DOCKER-USER'], signal)).ok
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof ArtelError && error.code === 'unavailable') return false
      throw error
    }
  },

  isolate: async ({ bridge, subnet, egress }, signal) => {
    checkBridge(bridge)
    const rule = { bridge, subnet: checkSubnet(subnet), egress, ownNets: ownNets() }
    await restoreChains(restoreInput(rule), signal)
    for (const jump of jumps(bridge)) await place('iptables', jump, signal)
    if (!hasIp6()) return
    for (const drop of ip6Drops(bridge)) await place('ip6tables', drop, signal)
  },

  release: async (bridge, signal) => {
    checkBridge(bridge)
    const listing = await mustIptables('iptables', ['-S'], signal)
    if (bridgesIn(listing).includes(bridge)) {
      for (const jump of jumps(bridge)) await displace('iptables', jump, signal)
      for (const chain of [forwardChain(bridge), inputChain(bridge)]) {
        if (!listing.includes(`-N ${chain}\n`)) continue
        await mustIptables('iptables', ['-F', chain], signal)
        await mustIptables('iptables', ['-X', chain], signal)
      }
    }
    if (!hasIp6()) return
    for (const drop of ip6Drops(bridge)) await displace('ip6tables', drop, signal)
  },

  bridges: async (signal) => bridgesIn(await mustIptables('iptables', ['-S'], signal)),
})
