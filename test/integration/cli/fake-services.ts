import { createHash } from 'node:crypto'
import type { RunService, Services } from '#api/services'
import { ArtelError } from '#core/errors'
import { parseRunId } from '#core/ids'
import {
  earningSchema,
  hostViewSchema,
  leaseViewSchema,
  offerViewSchema,
  statusSchema,
  walletEntrySchema,
  walletViewSchema,
} from '#protocol/api/node'
import {
  type MapCreate,
  type MapView,
  mapViewSchema,
  planSchema,
  type RunCreate,
  type RunView,
  runViewSchema,
  type TaskView,
} from '#protocol/api/runs'
import {
  exampleEarning,
  exampleEntry,
  exampleHost,
  exampleLease,
  exampleMap,
  exampleOffer,
  examplePlan,
  exampleRun,
  exampleStats,
  exampleStatus,
  exampleTransaction,
  exampleWallet,
} from '../../../src/api/routes/examples.ts'
import { programs } from './fake-program.ts'
import { type Execution, execute } from './fake-run.ts'

type FakeRun = { view: RunView; readonly request: RunCreate; readonly execution: Execution }

/** A cloud in memory: runs are scripted programs, everything else is an example of the API's description. */
export type FakeCloud = {
  readonly services: Services
  readonly runs: FakeRun[]
  readonly blobs: Map<string, Uint8Array>
  readonly maps: Map<string, { readonly request: MapCreate; view: MapView }>
  /** Every call that changed something, in order. */
  readonly calls: string[]
  /** Thrown by the next creation of a run or map. */
  refuse: ArtelError | undefined
  /** What the archive and output routes give: a tar. */
  tar: Uint8Array
  readonly received: Uint8Array[]
}

export const createFakeCloud = (): FakeCloud => {
  const cloud: FakeCloud = {
    services: undefined as unknown as Services,
    runs: [],
    blobs: new Map(),
    maps: new Map(),
    calls: [],
    refuse: undefined,
    tar: new Uint8Array(1024),
    received: [],
  }
  const lease = leaseViewSchema.parse(exampleLease)
  const host = hostViewSchema.parse(exampleHost)
  const done = { transaction: exampleTransaction.transaction, feeWei: 210_000_000_000n }
  const services: Services = {
    runs: fakeRuns(cloud),
    maps: fakeMaps(cloud),
    blobs: {
      put: async (source) => {
        const bytes = await collect(source)
        const id = createHash('sha256').update(bytes).digest('hex')
        cloud.blobs.set(id, bytes)
        return { id, sizeBytes: bytes.length }
      },
    },
    market: {
      offers: async () => [offerViewSchema.parse(exampleOffer)],
    },
    leases: { list: (all) => (all ? [lease, { ...lease, status: 'settled' }] : [lease]) },
    wallet: {
      view: async () => walletViewSchema.parse(exampleWallet),
      deposit: async (amount) => {
        cloud.calls.push(`deposit ${amount}`)
        return done
      },
      withdraw: async (amount, to) => {
        cloud.calls.push(`withdraw ${amount} ${to ?? ''}`)
        return done
      },
      history: () => [walletEntrySchema.parse(exampleEntry)],
    },
    host: {
      view: () => host,
      earnings: () => [earningSchema.parse(exampleEarning)],
      join: async (request) => {
        cloud.calls.push(`join ${request.region} ${request.price.perCpu} ${request.leasesMax}`)
        return host
      },
      pause: async () => ({ ...host, state: 'paused' }),
      resume: async () => host,
      leave: async () => ({ ...host, state: 'absent' }),
    },
    node: {
      status: async () => statusSchema.parse(exampleStatus),
    },
  }
  return Object.assign(cloud, { services })
}

export const collect = async (source: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(Uint8Array.from(chunk))
  return new Uint8Array(Buffer.concat(chunks))
}

const fakeRuns = (cloud: FakeCloud): RunService => {
  const find = (name: string): FakeRun => {
    const found = cloud.runs.find(({ view }) => view.name === name || view.id.startsWith(name))
    if (found === undefined) throw new ArtelError('not-found', `no run named ${name}`)
    return found
  }
  const refresh = (run: FakeRun): RunView => {
    const exit = run.execution.exit()
    if (exit !== undefined) run.view = { ...run.view, status: 'exited', exit }
    return run.view
  }
  const wait: RunService['wait'] = async (name) => {
    const run = find(name)
    await run.execution.ended
    return refresh(run)
  }
  return {
    create: async (request) => {
      const { refuse } = cloud
      cloud.refuse = undefined
      if (refuse !== undefined) throw refuse
      const run = startRun(cloud, request)
      return run.view
    },
    plan: async () => planSchema.parse(examplePlan),
    list: () => cloud.runs.map(refresh),
    get: (name) => refresh(find(name)),
    inspect: (name) => ({
      run: refresh(find(name)),
      spec: { image: find(name).request.image },
      events: [{ atMs: 1, kind: 'created', message: 'created' }],
    }),
    attach: async (name) => find(name).execution.attach(),
    exec: async (name, request) => {
      find(name)
      const [word = '', ...args] = request.command
      return execute(programs[word], { args, env: request.env }).attach()
    },
    logs: (name, query) => find(name).execution.output(query.follow),
    wait,
    kill: async (name, signal) => {
      cloud.calls.push(`kill ${signal}`)
      find(name).execution.kill(signal)
    },
    stop: async (name, grace, signal) => {
      cloud.calls.push(`stop ${grace ?? ''}`)
      find(name).execution.kill('TERM')
      return await wait(name, signal)
    },
    remove: async (name, force) => {
      const run = find(name)
      if (refresh(run).status !== 'exited' && !force) {
        throw new ArtelError('conflict', `run ${name} is running`, { hint: 'artel rm -f' })
      }
      run.execution.kill('KILL')
      await run.execution.ended
      cloud.runs.splice(cloud.runs.indexOf(run), 1)
      cloud.calls.push(`remove ${name}`)
    },
    resize: async () => undefined,
    stats: async () => exampleStats,
    getArchive: async function* (name) {
      find(name)
      yield cloud.tar
    },
    putArchive: async (name, path, tar) => {
      find(name)
      cloud.calls.push(`put ${path}`)
      cloud.received.push(await collect(tar))
    },
    output: async function* (name) {
      find(name)
      yield cloud.tar
    },
  }
}

const startRun = (cloud: FakeCloud, request: RunCreate): FakeRun => {
  const number = cloud.runs.length + 1
  const name = request.name ?? `run_${number}`
  if (cloud.runs.some(({ view }) => view.name === name)) {
    throw new ArtelError('conflict', `the name ${name} is in use`)
  }
  const id = parseRunId(createHash('sha256').update(`${number} ${name}`).digest('hex').slice(0, 32))
  if (id === undefined) throw new Error('no run id')
  const [word = '', ...args] = [...(request.entrypoint ?? []), ...(request.command ?? [])]
  const execution = execute(programs[word], { args, env: request.env })
  const example = runViewSchema.parse(exampleRun)
  const { exit: _, startedAtMs, ...fresh } = example
  const view: RunView = {
    ...fresh,
    ...(programs[word] === undefined || startedAtMs === undefined ? {} : { startedAtMs }),
    id,
    name,
    image: request.image,
    command: request.command ?? [],
    labels: request.labels,
    tty: request.tty,
    openStdin: request.openStdin,
    status: 'running',
    outputs: request.outputs.map((path) => ({ path, bytes: 10 })),
  }
  const run: FakeRun = { view, request, execution }
  cloud.runs.unshift(run)
  cloud.calls.push(`create ${name}`)
  return run
}

const fakeMaps = (cloud: FakeCloud): Services['maps'] => {
  const find = (id: string) => {
    const found = cloud.maps.get(id)
    if (found === undefined) throw new ArtelError('not-found', `no map ${id}`)
    return found
  }
  const tasks = (id: string): TaskView[] =>
    find(id).request.tasks.map((task, index) => ({
      index,
      name: task.name,
      status: task.name.includes('bad') ? 'failed' : 'done',
      tries: 1,
      exitCode: task.name.includes('bad') ? 3 : 0,
      durationMs: 10,
      ...(task.blob === undefined || task.name.includes('bad') ? {} : { output: task.blob }),
    }))
  return {
    create: async (request) => {
      const { refuse } = cloud
      cloud.refuse = undefined
      if (refuse !== undefined) throw refuse
      const id = parseRunId(String(cloud.maps.size + 1).padStart(32, '0'))
      if (id === undefined) throw new Error('no map id')
      const example = mapViewSchema.parse(exampleMap)
      const total = request.tasks.length
      const view: MapView = { ...example, id, total, done: 0, status: 'running' }
      cloud.maps.set(id, { request, view })
      return view
    },
    get: (id) => find(id).view,
    list: () => [...cloud.maps.values()].map(({ view }) => view),
    tasks,
    events: async function* (id, signal) {
      const map = find(id)
      yield { map: map.view }
      if (map.request.command[0] === 'hang') {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        return
      }
      const all = tasks(id)
      for (const task of all) yield { task }
      const failed = all.filter(({ status }) => status === 'failed').length
      const status = failed === 0 ? 'done' : 'failed'
      map.view = { ...map.view, status, done: all.length - failed, failed }
      yield { map: map.view }
    },
    output: async function* (id) {
      find(id)
      yield cloud.tar
    },
    cancel: async (id) => {
      cloud.calls.push('cancel')
      const map = find(id)
      map.view = { ...map.view, status: 'cancelled' }
      return map.view
    },
    remove: async (id) => {
      cloud.maps.delete(id)
    },
  }
}
