import assert from 'node:assert/strict'
import { createVirtualClock, type VirtualClock } from '#adapters/memory/clock'
import { createMemoryEngine, type MemoryEngine } from '#adapters/memory/engine'
import { memoryImage } from '#adapters/memory/engine-images'
import { createMemoryFirewall, type MemoryFirewall } from '#adapters/memory/firewall'
import { createMemoryMachine } from '#adapters/memory/machine'
import { createMemorySpools } from '#adapters/memory/spools'
import { createMemoryVolumes } from '#adapters/memory/volumes'
import { ArtelError, type ErrorCode } from '#core/errors'
import { type LeaseId, parseRunId, type RunId } from '#core/ids'
import type { RunSpec } from '#core/manifest'
import type { HostRunState } from '#core/run'
import type { HostOptions } from '#host/host-parts'
import { createOutputDecoder } from '#protocol/output'
import type { BodyPart } from '#protocol/peer/call'
import { leaseStatus, runCreate, taskRun } from '#protocol/peer/host-routes'
import { createRig, joinRequest, type Rig, runSpec } from './rig.ts'

export type Stage = {
  readonly clock: VirtualClock
  readonly engine: MemoryEngine
  readonly firewall: MemoryFirewall
  readonly rig: Rig
}

export const startMs = 1_800_000_000_000
export const image = memoryImage('debian:latest')
export const bare = memoryImage('bare:latest')

/** Plays `body` on virtual time with a host that has joined. */
export const play =
  (body: (stage: Stage) => Promise<void>, options: Partial<HostOptions> = {}) =>
  async (): Promise<void> => {
    const clock = createVirtualClock({ startMs })
    const volumes = createMemoryVolumes()
    const engine = createMemoryEngine({ clock, volumes, images: [image, bare] })
    const firewall = createMemoryFirewall()
    const work = (async () => {
      const machine = createMemoryMachine()
      const spools = createMemorySpools()
      const rig = await createRig({ clock, engine, firewall, machine, spools, volumes }, options)
      try {
        await rig.host.join(joinRequest, rig.signal)
        await body({ clock, engine, firewall, rig })
      } finally {
        await rig.close()
      }
    })()
    let over = false
    work
      .finally(() => {
        over = true
      })
      .catch(() => undefined)
    const ended = await clock.runUntil(() => over, startMs + 48 * 3_600_000)
    assert.ok(ended, 'the play comes to its end')
    await work
  }

let runs = 0
export const newRun = (): RunId => {
  runs += 1
  const run = parseRunId(String(runs).padStart(32, '0'))
  assert.ok(run !== undefined)
  return run
}

export const sh = (script: string, more: Partial<RunSpec> = {}): RunSpec =>
  runSpec(image.id, ['sh', '-c', script], more)

export const rejects = (code: ErrorCode, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ArtelError)
  assert.equal(error.code, code)
  if (message !== undefined) assert.match(error.message, message)
  return true
}

export const parts = async function* (...texts: readonly string[]): AsyncGenerator<BodyPart> {
  for (const text of texts) yield { kind: 'data', bytes: new TextEncoder().encode(text) }
}

export const textOf = async (body: AsyncIterable<BodyPart>): Promise<string> => {
  const decoder = createOutputDecoder()
  let text = ''
  for await (const part of body) {
    if (part.kind !== 'data') continue
    for (const { bytes } of decoder.push(part.bytes)) text += Buffer.from(bytes).toString()
  }
  return text
}

export const begin = async (rig: Rig, lease: LeaseId, spec: RunSpec, run = newRun()) => {
  const { result } = await rig.call(runCreate, { lease, run, spec, start: true, holdOutput: false })
  return { run, state: result.state }
}

export const stateOf = async (rig: Rig, lease: LeaseId, run: RunId): Promise<HostRunState> => {
  const { result } = await rig.call(leaseStatus, { lease })
  const found = result.runs.find((one) => one.run === run)
  assert.ok(found !== undefined)
  return found.state
}

export const exited = async (rig: Rig, lease: LeaseId, run: RunId) => {
  await rig.until(async () => (await stateOf(rig, lease, run)).status === 'exited', 'the exit')
  const state = await stateOf(rig, lease, run)
  assert.ok(state.status === 'exited')
  return state
}

export const task = (
  rig: Rig,
  lease: LeaseId,
  run: RunId,
  command: readonly string[],
  timeoutSeconds = 30,
) => rig.call(taskRun, { lease, run, task: 't', command: [...command], timeoutSeconds }, parts())
