import { networkInterfaces } from 'node:os'

/** The IPv4 networks that this machine is directly part of, as `address/bits`; iptables masks the rest. */
export const ownNets = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, cidr }) => family === 'IPv4' && !internal && cidr !== null)
    .flatMap(({ cidr }) => (cidr === null ? [] : [cidr]))
