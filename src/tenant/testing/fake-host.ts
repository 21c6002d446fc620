import { ArtelError } from '#core/errors'
import type { LeaseId, RunId } from '#core/ids'
import type { RunSpec } from '#core/manifest'
import { noTokens, rate, tokenAmount } from '#core/money'
import type { Offer } from '#core/offer'
import type { HostRunState } from '#core/run'
import type { Terms } from '#core/terms'
import type { ChainInfo } from '#ports/chain'
import { type Clock, nowSeconds } from '#ports/clock'
import type { Signer } from '#ports/signer'
import { requirementsHash } from '#protocol/canonical'
import { leaseIdOf, termsDigest } from '#protocol/eip712-leases'
import { encodeOutputFrame, outputHeaderBytes } from '#protocol/output'
import type { BodyPart } from '#protocol/peer/call'
import {
  bidRequest,
  imageEnsure,
  leaseWatch,
  nodePing,
  receiptPut,
  runCreate,
  runGetArchive,
  runInput,
  runOutput,
  runStart,
  runStdin,
  runStdinOffset,
  runStop,
  taskRun,
  workerCreate,
} from '#protocol/peer/host-routes'
import type { ParamsOf, PeerRoute, ResultOf } from '#protocol/peer/route'

type FakeRun = {
  readonly lease: LeaseId
  readonly spec: RunSpec
  state: HostRunState
  output: Uint8Array
  stdin: number
  stdinClosed: boolean
}

type Asked = { readonly body?: AsyncIterable<BodyPart>; readonly signal: AbortSignal }
type Answer = { readonly result: unknown; readonly body?: AsyncIterable<BodyPart> }

/** What the container does. */
export type Script = {
  /** What it says, one piece a second. */
  readonly says: readonly string[]
  /** Exits after the last piece; absent = runs until stopped. */
  readonly exitCode?: number
}

export type FakeHost = {
  readonly signer: Signer
  readonly offer: () => Offer
  readonly call: (name: string, params: unknown, asked: Asked) => Promise<Answer>
  readonly runs: Map<RunId, FakeRun>
  readonly calls: string[]
  readonly receipts: number[]
  /** Off: every call and every open stream breaks. */
  readonly cut: () => void
  script: Script
  /** Errors to throw, by route. */
  readonly failures: Map<string, ArtelError>
  hourly: bigint
  task: (command: readonly string[], input: string) => { exitCode: number; out?: string }
  taskMs: number
}

const encoder = new TextEncoder()
const gib = 1024 ** 3

export const createFakeHost = (
  clock: Clock,
  info: ChainInfo,
  signer: Signer,
  region = 'eu',
): FakeHost => {
  const down = new AbortController()
  const runs = new Map<RunId, FakeRun>()
  const calls: string[] = []

  const host: FakeHost = {
    signer,
    runs,
    calls,
    receipts: [],
    script: { says: ['hello\n'], exitCode: 0 },
    failures: new Map(),
    hourly: 3600n,
    taskMs: 10,
    task: () => ({ exitCode: 0 }),
    cut: () => down.abort(new ArtelError('unavailable', 'the host is gone')),
    offer: () => offerOf(),
    call: async (name, params, asked) => {
      down.signal.throwIfAborted()
      calls.push(name)
      const failure = host.failures.get(name)
      if (failure !== undefined) throw failure
      const answer = handlers[name]
      if (answer === undefined) throw new ArtelError('unsupported', `no route ${name}`)
      return answer(params, { ...asked, signal: AbortSignal.any([asked.signal, down.signal]) })
    },
  }

  const offerOf = (): Offer => ({
    version: 1,
    host: signer.address,
    operator: signer.address,
    peer: signer.peerId,
    addresses: [],
    sequence: 1,
    expiresAtMs: clock.nowMs() + 3_600_000,
    resources: { cpuMilli: 8000, memoryBytes: 16 * gib, diskBytes: 100 * gib, gpus: 0 },
    machine: { arch: 'amd64', os: 'linux', cpuModel: 'fake', cpuScore: 1, gpus: [] },
    place: { region },
    isolation: ['container'],
    network: ['egress', 'none'],
    price: {
      base: rate(host.hourly * 277_778n),
      perCpu: rate(0n),
      perMemoryGib: rate(0n),
      perDiskGib: rate(0n),
      perGpu: rate(0n),
    },
    terms: { bondMax: noTokens, quitFee: noTokens, minimumSeconds: 1, leaseSecondsMax: 86_400 },
    chain: { chainId: info.chainId, leases: info.leases },
    freeLeases: 4,
    features: [],
  })

  const termsFor = (params: ParamsOf<typeof bidRequest>): Terms => ({
    tenant: params.tenant,
    host: signer.address,
    signer: params.tenant,
    deployment: params.deployment,
    instance: params.instance,
    epoch: params.epoch,
    previous: params.previous,
    manifest: requirementsHash(params.requirements),
    observers: params.observers,
    rate: offerOf().price.base,
    extraMax: noTokens,
    bond: noTokens,
    quitFee: noTokens,
    reportFee: noTokens,
    committed: nowSeconds(clock) + 3600,
    bidExpiry: nowSeconds(clock) + 30,
    minimum: 1,
    silence: 60,
    window: 3600,
    answerIn: 7200,
  })

  const play = async (run: FakeRun): Promise<void> => {
    run.state = { status: 'running', startedAtMs: clock.nowMs() }
    const { says, exitCode } = host.script
    for (const text of says) {
      await clock.sleep(1000, down.signal)
      const bytes = encoder.encode(text)
      const frame = encodeOutputFrame({ stream: 'stdout', atMs: clock.nowMs(), bytes })
      run.output = Uint8Array.from([...run.output, ...frame])
    }
    if (exitCode === undefined || run.state.status !== 'running') return
    run.state = { ...run.state, status: 'exited', exitCode, finishedAtMs: clock.nowMs() }
  }
  const runOf = (id: RunId): FakeRun => {
    const run = runs.get(id)
    if (run === undefined) throw new ArtelError('not-found', 'no such run')
    return run
  }
  const begin = (run: FakeRun): void => void play(run).catch(() => undefined)

  async function* outputFrom(
    run: FakeRun,
    offset: number,
    follow: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<BodyPart> {
    yield { kind: 'control', value: { offset } }
    let at = offset
    for (;;) {
      const over = run.state.status === 'exited' || !follow
      if (run.output.length > at) {
        const bytes = run.output.subarray(at)
        at += bytes.length
        yield { kind: 'data', bytes }
      } else if (over) return
      else await clock.sleep(100, signal)
    }
  }
  async function* watchOf(lease: LeaseId, signal: AbortSignal): AsyncGenerator<BodyPart> {
    const told = new Map<RunId, string>()
    let sinceMs = 0
    for (;;) {
      for (const [id, run] of runs) {
        const said = JSON.stringify(run.state)
        if (run.lease !== lease || told.get(id) === said) continue
        told.set(id, said)
        yield { kind: 'control', value: { run: id, state: { ...run.state } } }
      }
      if (sinceMs >= 5000) {
        sinceMs = 0
        yield { kind: 'control', value: { ping: clock.nowMs() } }
      }
      await clock.sleep(100, signal)
      sinceMs += 100
    }
  }
  async function* one(text: string): AsyncGenerator<BodyPart> {
    yield { kind: 'data', bytes: encoder.encode(text) }
  }
  const textOf = async (body: AsyncIterable<BodyPart> | undefined): Promise<string> => {
    let text = ''
    for await (const part of body ?? []) {
      if (part.kind === 'data') text += new TextDecoder().decode(part.bytes)
    }
    return text
  }

  const handlers: Record<string, (params: unknown, asked: Asked) => Promise<Answer>> = {}
  const on = <P, R>(
    route: PeerRoute<P, R>,
    handler: (params: P, asked: Asked) => Promise<{ result: R; body?: AsyncIterable<BodyPart> }>,
  ): void => {
    handlers[route.name] = (params, asked) =>
      handler(route.params.parse(route.params.encode(params as P)), asked)
  }
  on(nodePing, async () => ({ result: { nowMs: clock.nowMs() } }))
  on(bidRequest, async (params) => {
    const terms = termsFor(params)
    return { result: { terms, signature: signer.sign(termsDigest(info, terms)) } }
  })
  on(imageEnsure, async () => ({ result: { present: true }, body: one('') }))
  on(runCreate, async ({ lease, run: id, spec, start }) => {
    const known = runs.get(id)
    if (known?.lease === lease) return { result: { state: known.state } }
    const state: HostRunState = { status: 'created' }
    const made = { lease, spec, state, output: new Uint8Array(0), stdin: 0, stdinClosed: false }
    runs.set(id, made)
    if (start) begin(made)
    return { result: { state: made.state } }
  })
  on(runInput, async (_, { body }) => {
    await textOf(body)
    return { result: {} }
  })
  on(runStart, async ({ run }) => {
    begin(runOf(run))
    return { result: { state: runOf(run).state } }
  })
  on(runOutput, async ({ run, offset, follow }, { signal }) => {
    const made = runOf(run)
    const result = { startOffset: 0, endOffset: made.output.length, complete: false }
    return { result, body: outputFrom(made, offset, follow, signal) }
  })
  on(runStdinOffset, async ({ run }) => ({
    result: { acceptedBytes: runOf(run).stdin, closed: runOf(run).stdinClosed },
  }))
  on(runStdin, async ({ run }, { body }) => {
    const made = runOf(run)
    for await (const part of body ?? []) {
      if (part.kind === 'data') made.stdin += part.bytes.length
    }
    made.stdinClosed = true
    return { result: { acceptedBytes: made.stdin } }
  })
  on(runStop, async ({ run }) => {
    const made = runOf(run)
    made.state = { status: 'exited', exitCode: 143, finishedAtMs: clock.nowMs() }
    return { result: { state: made.state } }
  })
  on(runGetArchive, async ({ path }) => ({ result: {}, body: one(`tar of ${path}`) }))
  on(leaseWatch, async ({ lease }, { signal }) => ({
    result: { nowMs: clock.nowMs() },
    body: watchOf(lease, signal),
  }))
  on(receiptPut, async ({ receipt }) => {
    host.receipts.push(receipt.until)
    return { result: {} }
  })
  on(workerCreate, async () => ({ result: { shell: true } }))
  on(taskRun, async ({ command }, { body, signal }) => {
    const input = await textOf(body)
    await clock.sleep(host.taskMs, signal)
    const { exitCode, out } = host.task(command, input)
    const result = {
      exitCode,
      durationMs: host.taskMs,
      stdout: '',
      stderr: '',
      hasOutput: out !== undefined,
    }
    return out === undefined ? { result } : { result, body: one(out) }
  })
  return host
}

/** Calls reach the fake host that has the peer id; the result is what the route would parse. */
export const createFakeCaller = (hosts: readonly FakeHost[]) => ({
  call: async <P, R>(
    peer: string,
    route: PeerRoute<P, R>,
    params: P,
    options: Asked,
  ): Promise<{ readonly result: R; readonly body: AsyncIterable<BodyPart> }> => {
    const host = hosts.find(({ signer }) => signer.peerId === peer)
    if (host === undefined) throw new ArtelError('unavailable', `no peer ${peer}`)
    const { result, body } = await host.call(route.name, params, options)
    return { result: result as ResultOf<PeerRoute<P, R>> as R, body: body ?? nothing() }
  },
})

async function* nothing(): AsyncGenerator<BodyPart> {}
