import type { JsonValue } from '#core/json'

/** The examples of the API description. A test parses each by the schema that it stands beside. */
const address = '0x8ba1f109551bd432803012645ac136ddd64dba72'
const tenant = '0x1dead0beef1dead0beef1dead0beef1dead0beef'
const lease = `0x${'5b'.repeat(32)}`
const run = '4f1c9f0e6d0b4a7f8a3e5c2d1b0a9f8e'
const digest = 'a'.repeat(64)
const host = {
  address,
  peer: '16Uiu2HAm1AHdmnD4wELKTY64QW84NsKgQ4ZZVTVWo6BD8bDhdgSw',
  region: 'eu-west',
}
const resources = {
  cpuMilli: 1000,
  memoryBytes: 536_870_912,
  diskBytes: 2_147_483_648,
  gpus: 0,
}
const token = { symbol: 'USDC', decimals: 6 }
const wishes = { rateMax: '5555555556', regions: ['eu-west'], hosts: [] }
const price = {
  base: '277778',
  perCpu: '2777778',
  perMemoryGib: '1388889',
  perDiskGib: '27778',
  perGpu: '0',
}

export const exampleRunCreate = {
  image: 'debian:bookworm-slim',
  command: ['sh', '-c', 'echo hello'],
  resources: { cpuMilli: 500, memoryBytes: 268_435_456 },
  wishes,
} satisfies JsonValue

export const exampleRun = {
  id: run,
  name: 'quiet_heron',
  image: 'debian:bookworm-slim',
  command: ['sh', '-c', 'echo hello'],
  labels: {},
  tty: false,
  openStdin: false,
  resources,
  status: 'exited',
  createdAtMs: 1_790_000_000_000,
  startedAtMs: 1_790_000_001_200,
  exit: { exitCode: 0, finishedAtMs: 1_790_000_001_700 },
  epoch: 1,
  host,
  lease,
  rate: '4444445',
  cost: '3',
  outputs: [],
} satisfies JsonValue

export const examplePlan = {
  image: { reference: 'debian:bookworm-slim', digest: `sha256:${digest}`, bytes: 29_100_000 },
  candidates: [
    { host, rate: '4444445', perHour: '16000', latencyMs: 21, bytesToMove: 0, score: 0.91 },
  ],
  excluded: [{ constraint: 'region', count: 12 }],
} satisfies JsonValue

export const exampleStats = {
  atMs: 1_790_000_001_500,
  cpuNs: 120_000_000,
  memoryBytes: 8_388_608,
  memoryMaxBytes: 536_870_912,
  pids: 2,
  receivedBytes: 1200,
  sentBytes: 800,
  readBytes: 0,
  writtenBytes: 4096,
} satisfies JsonValue

export const exampleMapCreate = {
  image: 'artel/render',
  command: ['povray', '{}', '+O/out/'],
  hosts: 3,
  tasks: [{ name: 'frame-01.pov', blob: digest }],
} satisfies JsonValue

export const exampleMap = {
  id: run,
  status: 'running',
  image: 'artel/render',
  createdAtMs: 1_790_000_000_000,
  total: 24,
  done: 7,
  failed: 0,
  retried: 0,
  hosts: [{ host, lease, tasks: 7, busyMs: 9000, rate: '4444445', cost: '40' }],
} satisfies JsonValue

export const exampleTask = {
  index: 0,
  name: 'frame-01.pov',
  status: 'done',
  tries: 1,
  host,
  exitCode: 0,
  durationMs: 1300,
  output: digest,
} satisfies JsonValue

export const exampleBlob = { id: digest, sizeBytes: 10_240 } satisfies JsonValue

export const exampleOffer = {
  host,
  sequence: 4,
  expiresAtMs: 1_790_043_200_000,
  resources,
  arch: 'amd64',
  cpuModel: 'AMD EPYC 7B13',
  cpuScore: 1210,
  gpus: [],
  isolation: ['container'],
  network: ['egress', 'none'],
  rate: '4444445',
  latencyMs: 21,
  leases: { settled: 120, failed: 1, reliability: 0.99 },
  freeLeases: 12,
} satisfies JsonValue

export const exampleLease = {
  id: lease,
  role: 'tenant',
  host: address,
  tenant,
  deployment: lease,
  epoch: 1,
  status: 'running',
  openedAtSeconds: 1_790_000_000,
  rate: '4444445',
  deposit: '16000',
  owed: '12',
  run: { id: run, name: 'quiet_heron' },
} satisfies JsonValue

export const exampleWallet = {
  address: tenant,
  token,
  vault: '25000000',
  inLeases: '16000',
  tokens: '0',
  gasWei: '1000000000000000000',
  chainId: 31_337,
  leases: address,
} satisfies JsonValue

export const exampleTransaction = { transaction: lease, feeWei: '210000000000' } satisfies JsonValue

export const exampleEntry = {
  atSeconds: 1_790_000_000,
  kind: 'open',
  change: '-16000',
  lease,
  transaction: lease,
} satisfies JsonValue

export const exampleJoin = { price, leasesMax: 16, region: 'eu-west' } satisfies JsonValue

export const exampleHost = {
  state: 'selling',
  address,
  offered: resources,
  leased: resources,
  price,
  region: 'eu-west',
  earnedTotal: '1200',
  leases: [
    {
      lease,
      tenant,
      sinceSeconds: 1_790_000_000,
      status: 'running',
      resources,
      rate: '4444445',
      earned: '12',
      runs: [{ run, image: 'debian:bookworm-slim', status: 'running' }],
    },
  ],
} satisfies JsonValue

export const exampleEarning = {
  lease,
  tenant,
  openedAtSeconds: 1_790_000_000,
  endedAtSeconds: 1_790_000_600,
  seconds: 600,
  rate: '4444445',
  earned: '2666',
  settled: true,
} satisfies JsonValue

export const exampleStatus = {
  version: '0.1.0',
  home: '/home/me/.artel',
  pid: 4242,
  upSinceMs: 1_790_000_000_000,
  address: tenant,
  peer: host.peer,
  listening: ['/ip4/127.0.0.1/tcp/4001'],
  peers: 4,
  offers: 3,
  chain: {
    chainId: 31_337,
    rpc: 'http://127.0.0.1:8545',
    head: 120,
    headAgeSeconds: 1,
    leases: address,
    token,
    pendingTransactions: 0,
  },
  runs: 2,
  openLeases: 1,
  host: 'absent',
  problems: [],
} satisfies JsonValue
