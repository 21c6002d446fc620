import { z } from 'zod'
import {
  addressText,
  amountText,
  bytesCount,
  hash32Text,
  milliseconds,
  peerIdText,
  rateText,
  resourcesSchema,
  runIdText,
  seconds,
} from '#protocol/codecs'
import { hostNameSchema } from './common.ts'

export const offerViewSchema = z.strictObject({
  host: hostNameSchema,
  sequence: z.number().int(),
  expiresAtMs: milliseconds,
  resources: resourcesSchema,
  arch: z.string(),
  cpuModel: z.string(),
  cpuScore: z.number(),
  gpus: z.array(z.strictObject({ name: z.string(), memoryBytes: bytesCount })),
  isolation: z.array(z.enum(['container', 'gvisor'])),
  network: z.array(z.enum(['egress', 'none'])),
  /** For one processor and 1 GiB of memory: what the table compares by. */
  rate: rateText,
  latencyMs: z.number().nonnegative().exactOptional(),
  leases: z.strictObject({
    settled: z.number().int(),
    failed: z.number().int(),
    /** 0..1, from leases that ended; absent for a host without history. */
    reliability: z.number().min(0).max(1).exactOptional(),
  }),
  freeLeases: z.number().int().nonnegative(),
})

export const leaseViewSchema = z.strictObject({
  id: hash32Text,
  role: z.enum(['tenant', 'host']),
  host: addressText,
  tenant: addressText,
  deployment: hash32Text,
  epoch: z.number().int(),
  status: z.enum(['opening', 'running', 'reported', 'ended', 'settled']),
  openedAtSeconds: seconds.exactOptional(),
  endedAtSeconds: seconds.exactOptional(),
  rate: rateText,
  deposit: amountText,
  /** What the service until now (or until the end) costs. */
  owed: amountText,
  refund: amountText.exactOptional(),
  run: z.strictObject({ id: runIdText, name: z.string() }).exactOptional(),
})

export const tokenInfoSchema = z.strictObject({
  symbol: z.string(),
  decimals: z.number().int().min(0).max(36),
})

export const walletViewSchema = z.strictObject({
  address: addressText,
  token: tokenInfoSchema,
  /** Free in the vault. */
  vault: amountText,
  /** Deposits of open leases. */
  inLeases: amountText,
  /** Held by the account outside the vault. */
  tokens: amountText,
  gasWei: amountText,
  chainId: z.number().int(),
  leases: addressText,
})

export const walletEntrySchema = z.strictObject({
  atSeconds: seconds,
  kind: z.enum([
    'deposit',
    'withdraw',
    'open',
    'top-up',
    'refund',
    'earned',
    'bond',
    'compensation',
  ]),
  /** Signed change of the free balance in the vault, base units as text. */
  change: z.string().regex(/^-?\d+$/),
  lease: hash32Text.exactOptional(),
  transaction: hash32Text,
})

export const amountRequestSchema = z.strictObject({ amount: amountText })
export const withdrawSchema = z.strictObject({
  amount: amountText,
  to: addressText.exactOptional(),
})
export const transactionSchema = z.strictObject({ transaction: hash32Text, feeWei: amountText })

export const hostJoinSchema = z.strictObject({
  /** Token base units per hour, as rates: for a lease, per processor, per GiB of memory, of disk, per GPU. */
  price: z.strictObject({
    base: rateText,
    perCpu: rateText,
    perMemoryGib: rateText,
    perDiskGib: rateText,
    perGpu: rateText,
  }),
  /** What the owner gives away; absent parts = what the machine has, less a reserve. */
  cpuMilli: z.number().int().min(100).max(4_096_000).exactOptional(),
  memoryBytes: bytesCount.exactOptional(),
  diskBytes: bytesCount.exactOptional(),
  gpus: z.number().int().min(0).max(64).exactOptional(),
  leasesMax: z.number().int().min(1).max(1000).default(16),
  region: z.string().min(1).max(64).default('local'),
  bond: amountText.exactOptional(),
  quitFee: amountText.exactOptional(),
  minimumSeconds: z.number().int().min(0).max(3600).default(1),
  leaseSecondsMax: z
    .number()
    .int()
    .min(60)
    .max(366 * 86_400)
    .default(30 * 86_400),
})

export const hostViewSchema = z.strictObject({
  state: z.enum(['selling', 'paused', 'leaving', 'absent']),
  /** Why nothing is sold although the owner sells. */
  problem: z.string().exactOptional(),
  address: addressText,
  offered: resourcesSchema,
  leased: resourcesSchema,
  price: hostJoinSchema.shape.price,
  region: z.string(),
  earnedTotal: amountText,
  leases: z.array(
    z.strictObject({
      lease: hash32Text,
      tenant: addressText,
      sinceSeconds: seconds.exactOptional(),
      status: z.enum(['reserved', 'running', 'ended']),
      resources: resourcesSchema,
      rate: rateText,
      earned: amountText,
      runs: z.array(z.strictObject({ run: runIdText, image: z.string(), status: z.string() })),
    }),
  ),
})

export const earningSchema = z.strictObject({
  lease: hash32Text,
  tenant: addressText,
  openedAtSeconds: seconds,
  endedAtSeconds: seconds.exactOptional(),
  seconds,
  rate: rateText,
  earned: amountText,
  settled: z.boolean(),
})

export const statusSchema = z.strictObject({
  version: z.string(),
  home: z.string(),
  pid: z.number().int(),
  upSinceMs: milliseconds,
  address: addressText,
  peer: peerIdText,
  listening: z.array(z.string()),
  peers: z.number().int(),
  offers: z.number().int(),
  chain: z.strictObject({
    chainId: z.number().int(),
    rpc: z.string(),
    head: z.number().int().exactOptional(),
    headAgeSeconds: z.number().exactOptional(),
    leases: addressText,
    token: tokenInfoSchema,
    pendingTransactions: z.number().int(),
  }),
  engine: z.string().exactOptional(),
  runs: z.number().int(),
  openLeases: z.number().int(),
  host: z.enum(['selling', 'paused', 'leaving', 'absent']),
  /** Empty when all is well. */
  problems: z.array(z.string()),
})

export type OfferView = z.output<typeof offerViewSchema>
export type LeaseView = z.output<typeof leaseViewSchema>
export type WalletView = z.output<typeof walletViewSchema>
export type WalletEntry = z.output<typeof walletEntrySchema>
export type HostJoin = z.output<typeof hostJoinSchema>
export type HostJoinInput = z.input<typeof hostJoinSchema>
export type HostView = z.output<typeof hostViewSchema>
export type Earning = z.output<typeof earningSchema>
export type StatusView = z.output<typeof statusSchema>
export type TransactionView = z.output<typeof transactionSchema>
