import { z } from 'zod'
import { ArtelError } from '#core/errors'
import { tokenInfoSchema } from '#protocol/api/node'
import { addressText } from '#protocol/codecs'
import { readJsonFile, writeJsonFile } from './files.ts'
import type { Home } from './home.ts'

const multiaddr = z.string().min(2).max(256).startsWith('/')

/** Which cloud a node belongs to: one deployment of the contracts, and peers to begin with. */
export const networkFileSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1).max(64),
  chainId: z.number().int().positive(),
  rpcUrl: z.url({ protocol: /^(https?|wss?)$/ }),
  contracts: z.strictObject({ leases: addressText, hosts: addressText, token: addressText }),
  token: tokenInfoSchema,
  /** Blocks on top of a lease's before a host runs anything for it. */
  confirmations: z.number().int().min(0).max(1000).default(0),
  /** The block of the contracts' deployment: no event is older. */
  fromBlock: z.number().int().min(0).default(0),
  bootstrap: z.array(multiaddr).max(64).default([]),
  /** Where hosts of this network sell; offers are gossiped by region. */
  regions: z.array(z.string().min(1).max(64)).min(1).max(256).default(['local']),
})
export type NetworkFile = z.output<typeof networkFileSchema>

/** What the owner of a node decided; `host` is there once the machine sells. */
export const nodeConfigSchema = z.strictObject({
  version: z.literal(1),
  listen: z.array(multiaddr).max(16).default(['/ip4/0.0.0.0/tcp/0']),
  /** The API on 127.0.0.1 beside the socket; 0 = any free port. */
  apiPort: z.number().int().min(0).max(65_535).default(0),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  engineSocket: z.string().min(1).max(107).optional(),
  /** Keeps and answers the index of offers also when nothing is rented here. */
  marketNode: z.boolean().default(true),
  /** Where the bridges of leases get their addresses. */
  subnetPool: z
    .string()
    .regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/)
    .default('10.213.0.0/16'),
  blobQuotaBytes: z
    .number()
    .int()
    .positive()
    .default(20 * 1024 ** 3),
})
export type NodeConfig = z.output<typeof nodeConfigSchema>

export const defaultConfig = (): NodeConfig => nodeConfigSchema.parse({ version: 1 })

export const loadConfig = async (home: Home): Promise<NodeConfig> =>
  (await readJsonFile<NodeConfig>(home.config, nodeConfigSchema, 'the config')) ?? defaultConfig()

export const saveConfig = (home: Home, config: NodeConfig): Promise<void> =>
  writeJsonFile<NodeConfig>(home.config, nodeConfigSchema, config, 0o600)

/** The network this home belongs to; throws 'not-found' with what to do. */
export const loadNetwork = async (path: string): Promise<NetworkFile> => {
  const network = await readJsonFile<NetworkFile>(path, networkFileSchema, 'the network file')
  if (network !== undefined) return network
  throw new ArtelError('not-found', `no network file at ${path}`, {
    hint: 'Join a cloud with `artel up --network FILE`, or start one on this machine with `artel local up`.',
  })
}
