import { ArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import type { Offer } from '#core/offer'
import type { Terms } from '#core/terms'
import type { ChainInfo } from '#ports/chain'
import type { Clock } from '#ports/clock'
import type { Signer } from '#ports/signer'
import { termsDigest } from '#protocol/eip712-leases'
import { encodeOutputFrame } from '#protocol/output'
import type { BodyPart } from '#protocol/peer/call'
import * as routes from '#protocol/peer/host-routes'
import type { PeerRoute } from '#protocol/peer/route'
import {
  type FakeRun,
  newRun,
  one,
  outputFrom,
  play,
  type Script,
  textOf,
  watchOf,
} from './fake-container.ts'
import { offerOf, termsFor } from './fake-offer.ts'

type Asked = { readonly body?: AsyncIterable<BodyPart>; readonly signal: AbortSignal }
type Answer<Result> = { readonly result: Result; readonly body?: AsyncIterable<BodyPart> }
type Handler = (params: unknown, asked: Asked) => Promise<Answer<unknown>>

/** A host at the level of peer calls, whose containers follow a script. */
export type FakeHost = {
  readonly signer: Signer
  offer: () => Offer
  readonly call: Handler extends (...rest: infer Rest) => infer Out
    ? (name: string, ...rest: Rest) => Out
    : never
  readonly runs: Map<RunId, FakeRun>
  /** Routes in the order in which they were called. */
  readonly calls: string[]
  readonly receipts: number[]
  /** Every call and every open stream breaks from now on. */
  readonly cut: () => void
  script: Script
  /** Errors to answer with, by route. */
  readonly failures: Map<string, ArtelError>
  /** What a cheat changes in its bids before it signs them. */
  bid: (terms: Terms) => Terms
  task: (command: readonly string[], input: string) => { exitCode: number; out?: string }
  taskMs: number
}

type Parts = { readonly clock: Clock; readonly info: ChainInfo; readonly gone: AbortSignal }
type On = <Params, Result>(
  route: PeerRoute<Params, Result>,
  handler: (params: Params, asked: Asked) => Promise<Answer<Result>>,
) => void

const runOf = (host: FakeHost, id: RunId): FakeRun => {
  const run = host.runs.get(id)
  if (run === undefined) throw new ArtelError('not-found', 'no such run')
  return run
}

const handleLeases = (host: FakeHost, { clock, info }: Parts, on: On): void => {
  on(routes.nodePing, async () => ({ result: { nowMs: clock.nowMs() } }))
  on(routes.bidRequest, async (params) => {
    const terms = host.bid(termsFor(clock, host.signer, params))
    return { result: { terms, signature: host.signer.sign(termsDigest(info, terms)) } }
  })
  on(routes.imageEnsure, async () => ({ result: { present: true } }))
  on(routes.leaseWatch, async ({ lease }, { signal }) => ({
    result: { nowMs: clock.nowMs() },
    body: watchOf(clock, host.runs, lease, signal),
  }))
  on(routes.receiptPut, async ({ receipt }) => {
    host.receipts.push(receipt.until)
    return { result: {} }
  })
}

const handleRuns = (host: FakeHost, { clock, gone }: Parts, on: On): void => {
  const begin = (run: FakeRun): void =>
    void play(clock, run, host.script, gone).catch(() => undefined)
  on(routes.runCreate, async ({ lease, run: id, start }) => {
    const known = host.runs.get(id)
    if (known?.lease === lease) return { result: { state: known.state } }
    const made = newRun(lease)
    host.runs.set(id, made)
    if (start) begin(made)
    return { result: { state: made.state } }
  })
  on(routes.runInput, async (_, { body }) => {
    await textOf(body)
    return { result: {} }
  })
  on(routes.runStart, async ({ run }) => {
    begin(runOf(host, run))
    return { result: { state: runOf(host, run).state } }
  })
  on(routes.runStop, async ({ run }) => {
    const made = runOf(host, run)
    made.state = { status: 'exited', exitCode: 143, finishedAtMs: clock.nowMs() }
    return { result: { state: made.state } }
  })
  on(routes.runGetArchive, async ({ path }) => ({ result: {}, body: one(`tar of ${path}`) }))
}

const handleStreams = (host: FakeHost, { clock }: Parts, on: On): void => {
  on(routes.runOutput, async ({ run, offset, follow }, { signal }) => {
    const made = runOf(host, run)
    const result = { startOffset: 0, endOffset: made.output.length, complete: false }
    return { result, body: outputFrom(clock, made, offset, follow, signal) }
  })
  on(routes.runStdinOffset, async ({ run }) => {
    const { stdin, stdinClosed } = runOf(host, run)
    return { result: { acceptedBytes: stdin, closed: stdinClosed } }
  })
  on(routes.runStdin, async ({ run }, { body }) => {
    const made = runOf(host, run)
    for await (const part of body ?? []) {
      if (part.kind === 'data') made.stdin += part.bytes.length
    }
    made.stdinClosed = true
    return { result: { acceptedBytes: made.stdin } }
  })
}

async function* saying({ clock }: Parts, text: string, exitCode: number): AsyncGenerator<BodyPart> {
  const frame = {
    stream: 'stdout',
    atMs: clock.nowMs(),
    bytes: new TextEncoder().encode(text),
  } as const
  yield { kind: 'data', bytes: encodeOutputFrame(frame) }
  yield { kind: 'control', value: { exitCode } }
}

const handleExecs = (_: FakeHost, parts: Parts, on: On): void =>
  on(routes.runExec, async ({ command }) => ({
    result: {},
    body: saying(parts, command.join(' '), 3),
  }))

const handleTasks = (host: FakeHost, { clock }: Parts, on: On): void => {
  on(routes.workerCreate, async () => ({ result: { shell: true } }))
  on(routes.taskRun, async ({ command }, { body, signal }) => {
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
}

export const createFakeHost = (clock: Clock, info: ChainInfo, signer: Signer): FakeHost => {
  const down = new AbortController()
  const handlers = new Map<string, Handler>()
  const host: FakeHost = {
    signer,
    runs: new Map(),
    calls: [],
    receipts: [],
    script: { says: ['hello\n'], exitCode: 0 },
    failures: new Map(),
    bid: (terms) => terms,
    taskMs: 10,
    task: () => ({ exitCode: 0 }),
    cut: () => down.abort(new ArtelError('unavailable', 'the host is gone')),
    offer: () => offerOf(clock, info, signer),
    call: async (name, params, asked) => {
      down.signal.throwIfAborted()
      host.calls.push(name)
      const failure = host.failures.get(name)
      if (failure !== undefined) throw failure
      const handler = handlers.get(name)
      if (handler === undefined) throw new ArtelError('unsupported', `no route ${name}`)
      return handler(params, { ...asked, signal: AbortSignal.any([asked.signal, down.signal]) })
    },
  }
  const on: On = (route, handler) => {
    handlers.set(route.name, async (params, asked) => {
      const { result, ...rest } = await handler(route.params.parse(params), asked)
      return { result: route.result.encode(result), ...rest }
    })
  }
  const parts = { clock, info, gone: down.signal }
  for (const handle of [handleLeases, handleRuns, handleStreams, handleExecs, handleTasks]) {
    handle(host, parts, on)
  }
  return host
}

async function* nothing(): AsyncGenerator<BodyPart> {}

/** Calls reach the fake host with that peer id; params and results are parsed as on the wire. */
export const createFakeCaller = (hosts: readonly FakeHost[]) => ({
  call: async <Params, Result>(
    peer: string,
    route: PeerRoute<Params, Result>,
    params: Params,
    options: Asked,
  ): Promise<{ readonly result: Result; readonly body: AsyncIterable<BodyPart> }> => {
    const host = hosts.find(({ signer }) => signer.peerId === peer)
    if (host === undefined) throw new ArtelError('unavailable', `no peer ${peer}`)
    const { result, body } = await host.call(route.name, route.params.encode(params), options)
    return { result: route.result.parse(result), body: body ?? nothing() }
  },
})
