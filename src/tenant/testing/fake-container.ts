import type { LeaseId, RunId } from '#core/ids'
import type { HostRunState } from '#core/run'
import type { Clock } from '#ports/clock'
import { encodeOutputFrame } from '#protocol/output'
import type { BodyPart } from '#protocol/peer/call'

/** A container that says what its script says. */
export type FakeRun = {
  readonly lease: LeaseId
  state: HostRunState
  output: Uint8Array
  stdin: number
  stdinClosed: boolean
}

/** What a container does. */
export type Script = {
  /** What it says, one piece a second. */
  readonly says: readonly string[]
  /** Exits after the last piece; absent = runs until stopped. */
  readonly exitCode?: number
}

const encoder = new TextEncoder()

export const newRun = (lease: LeaseId): FakeRun => ({
  lease,
  state: { status: 'created' },
  output: new Uint8Array(0),
  stdin: 0,
  stdinClosed: false,
})

/** Plays the script to its end, or until the host is gone. */
export const play = async (
  clock: Clock,
  run: FakeRun,
  { says, exitCode }: Script,
  signal: AbortSignal,
): Promise<void> => {
  run.state = { status: 'running', startedAtMs: clock.nowMs() }
  for (const text of says) {
    await clock.sleep(1000, signal)
    const bytes = encoder.encode(text)
    const frame = encodeOutputFrame({ stream: 'stdout', atMs: clock.nowMs(), bytes })
    run.output = Uint8Array.from([...run.output, ...frame])
  }
  if (exitCode === undefined || run.state.status !== 'running') return
  run.state = { ...run.state, status: 'exited', exitCode, finishedAtMs: clock.nowMs() }
}

/** The body of `run.output`. */
export async function* outputFrom(
  clock: Clock,
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

/** The body of `lease.watch`. */
export async function* watchOf(
  clock: Clock,
  runs: ReadonlyMap<RunId, FakeRun>,
  lease: LeaseId,
  signal: AbortSignal,
): AsyncGenerator<BodyPart> {
  const told = new Map<RunId, string>()
  for (let sinceMs = 0; ; sinceMs += 100) {
    for (const [id, run] of runs) {
      const said = JSON.stringify(run.state)
      if (run.lease !== lease || told.get(id) === said) continue
      told.set(id, said)
      yield { kind: 'control', value: { run: id, state: { ...run.state } } }
    }
    if (sinceMs % 5000 === 0) yield { kind: 'control', value: { ping: clock.nowMs() } }
    await clock.sleep(100, signal)
  }
}

export async function* one(text: string): AsyncGenerator<BodyPart> {
  yield { kind: 'data', bytes: encoder.encode(text) }
}

export const textOf = async (body: AsyncIterable<BodyPart> | undefined): Promise<string> => {
  let text = ''
  for await (const part of body ?? []) {
    if (part.kind === 'data') text += new TextDecoder().decode(part.bytes)
  }
  return text
}
