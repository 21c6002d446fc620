import type { ArtelError } from '#core/errors'
import { formatBytes } from '#core/resources'
import type { HostRunState, RunExit } from '#core/run'
import type { ContainerState } from '#ports/engine'

export type Exited = Extract<HostRunState, { status: 'exited' }>

/** What the host itself did to a run before it ended. */
export type Intervention = {
  readonly reason: NonNullable<RunExit['reason']>
  readonly message: string
}

const exitCodeOf = (code: number): number => (code >= 0 && code <= 255 ? code : 125)

/** How a run ended, from what the engine says of its container and what the host did to it. */
export const exitOf = (
  state: Extract<ContainerState, { status: 'exited' }>,
  memoryBytes: number,
  intervention: Intervention | undefined,
): RunExit => {
  const base = {
    exitCode: exitCodeOf(state.exitCode),
    finishedAtMs: Math.max(0, state.finishedAtMs),
  }
  if (intervention !== undefined) return { ...base, ...intervention }
  // A child that ran out of memory may leave the program itself well: then there is nothing to explain.
  if (state.oomKilled && base.exitCode !== 0) {
    return {
      ...base,
      reason: 'out-of-memory',
      message: `killed: out of memory, the limit is ${formatBytes(memoryBytes)}`,
    }
  }
  return state.error === undefined || state.error === ''
    ? base
    : { ...base, message: state.error.slice(0, 4096) }
}

/** How a run ended that never started; undefined for an error that says nothing about the run itself. */
export const exitOfStart = (error: ArtelError, nowMs: number): RunExit | undefined => {
  const message = error.message.slice(0, 4096)
  const hint = error.hint === undefined ? {} : { hint: error.hint.slice(0, 1024) }
  switch (error.code) {
    case 'command-not-found':
      return { exitCode: 127, finishedAtMs: nowMs, reason: error.code, message, ...hint }
    case 'not-executable':
      return { exitCode: 126, finishedAtMs: nowMs, reason: error.code, message, ...hint }
    case 'bad-request':
    case 'image-platform':
    case 'image-not-found':
    case 'out-of-disk':
    case 'internal':
      return { exitCode: 125, finishedAtMs: nowMs, reason: error.code, message, ...hint }
    default:
      return undefined
  }
}
