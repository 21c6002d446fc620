import { z } from 'zod'
import type { Engine } from '#ports/engine'
import type { EngineHttp } from './http.ts'

type Networks = Pick<Engine, 'createNetwork' | 'networks' | 'removeNetwork'>

const bridgeName = 'com.docker.network.bridge.name'

const listed = z.array(
  z.object({
    Name: z.string(),
    IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().optional() })).nullish() }),
    Options: z.record(z.string(), z.string()).nullish(),
  }),
)

export const createNetworks = (http: EngineHttp): Networks => ({
  createNetwork: async ({ name, labels, subnet, bridge }, signal) => {
    const body = {
      Name: name,
      CheckDuplicate: true,
      Driver: 'bridge',
      // No IPv6: the firewall of a bridge is written for one family, and Docker's default is off too.
      EnableIPv6: false,
      IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
      Options: { [bridgeName]: bridge },
      Labels: labels,
    }
    const what = `create network ${name}`
    await http.json({ what, method: 'POST', path: '/networks/create', body }, signal)
  },

  networks: async (label, signal) => {
    const query = { filters: JSON.stringify({ label: [label] }) }
    const call = { what: 'list networks', method: 'GET', path: '/networks', query } as const
    return listed.parse(await http.json(call, signal)).map((network) => ({
      name: network.Name,
      subnet: network.IPAM.Config?.[0]?.Subnet ?? '',
      bridge: network.Options?.[bridgeName] ?? '',
    }))
  },

  removeNetwork: async (name, signal) => {
    const path = `/networks/${encodeURIComponent(name)}`
    const what = `remove network ${name}`
    await http.json({ what, method: 'DELETE', path, settled: [404] }, signal)
  },
})
