/** Where a container never goes: private, local, shared, multicast and reserved addresses. */
const forbiddenNets = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const

const forwardPrefix = 'ARTEL-F-'
const inputPrefix = 'ARTEL-I-'

export const forwardChain = (bridge: string): string => forwardPrefix + bridge
export const inputChain = (bridge: string): string => inputPrefix + bridge

export type BridgeRule = {
  readonly bridge: string
  readonly subnet: string
  readonly egress: boolean
  /** Networks that this machine is part of; a LAN may have public addresses. */
  readonly ownNets: readonly string[]
}

/**
 * Input of `iptables-restore --noflush`: fills two chains at once, one for what the bridge sends through this
 * machine and one for what it sends to it. RETURN leaves the decision to Docker's own rules.
 */
export const restoreInput = ({ bridge, subnet, egress, ownNets }: BridgeRule): string => {
  const forward = forwardChain(bridge)
  const input = inputChain(bridge)
  const targets = [...new Set([...forbiddenNets, ...ownNets])]
  return [
    '*filter',
    `:${forward} - [0:0]`,
    `:${input} - [0:0]`,
    // Nobody speaks for another.
    `-A ${forward} ! -s ${subnet} -j DROP`,
    // Within the lease: bridged packets pass here where the kernel filters bridges.
    `-A ${forward} -d ${subnet} -o ${bridge} -j RETURN`,
    // Answers to whoever came in.
    `-A ${forward} -m conntrack --ctstate ESTABLISHED -j RETURN`,
    ...(egress
      ? [...targets.map((net) => `-A ${forward} -d ${net} -j DROP`), `-A ${forward} -j RETURN`]
      : [`-A ${forward} -j DROP`]),
    // This machine may call a container and hear its answer; a container may not call this machine.
    `-A ${input} -m conntrack --ctstate ESTABLISHED -j ACCEPT`,
    `-A ${input} -j DROP`,
    'COMMIT',
    '',
  ].join('\n')
}

/** The rules that send a bridge's packets into its chains, by the chain they belong to. */
export const jumps = (
  bridge: string,
): readonly { readonly from: string; readonly rule: readonly string[] }[] => [
  { from: 'DOCKER-USER', rule: ['-i', bridge, '-j', forwardChain(bridge)] },
  { from: 'INPUT', rule: ['-i', bridge, '-j', inputChain(bridge)] },
]

/** No bridge of ours speaks IPv6; these say so to the kernel as well. */
export const ip6Drops = (
  bridge: string,
): readonly { readonly from: string; readonly rule: readonly string[] }[] => [
  { from: 'FORWARD', rule: ['-i', bridge, '-j', 'DROP'] },
  { from: 'INPUT', rule: ['-i', bridge, '-j', 'DROP'] },
]

/** The bridges that have chains of ours in a listing of `iptables -S`. */
export const bridgesIn = (listing: string): readonly string[] => {
  const bridges = new Set<string>()
  for (const line of listing.split('\n')) {
    const chain = /^-N (\S+)$/.exec(line.trim())?.[1] ?? ''
    for (const prefix of [forwardPrefix, inputPrefix]) {
      if (chain.startsWith(prefix)) bridges.add(chain.slice(prefix.length))
    }
  }
  return [...bridges].sort()
}
