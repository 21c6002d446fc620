import { z } from 'zod'
import type { ContainerState, EngineContainer } from '#ports/engine'

const inspected = z.object({
  Id: z.string(),
  Name: z.string(),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish(), Tty: z.boolean() }),
  SizeRw: z.number().nullish(),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    OOMKilled: z.boolean().nullish(),
    Error: z.string().nullish(),
    FinishedAt: z.string().nullish(),
  }),
})

export type Inspected = {
  readonly container: EngineContainer
  readonly tty: boolean
  readonly layerBytes: number
}

type RawState = z.infer<typeof inspected>['State']

/** The engine writes the year 1 for "never". */
const finishedAt = (state: RawState): number => Math.max(0, Date.parse(state.FinishedAt ?? '') || 0)

const exited = (state: RawState): ContainerState => ({
  status: 'exited',
  exitCode: state.ExitCode,
  oomKilled: state.OOMKilled ?? false,
  finishedAtMs: finishedAt(state),
  ...(state.Error === undefined || state.Error === null || state.Error === ''
    ? {}
    : { error: state.Error }),
})

const toState = (state: RawState): ContainerState => {
  switch (state.Status) {
    case 'running':
    case 'restarting':
    case 'stopping':
      return { status: 'running' }
    case 'paused':
      return { status: 'paused' }
    // A process that could not start leaves its container "created", with the reason and an exit code.
    case 'created':
    case 'configured':
    case 'initialized':
      return (state.Error ?? '') === '' ? { status: 'created' } : exited(state)
    default:
      return exited(state)
  }
}

export const parseInspected = (value: unknown): Inspected => {
  const raw = inspected.parse(value)
  return {
    container: {
      id: raw.Id,
      name: raw.Name.replace(/^\//, ''),
      labels: raw.Config.Labels ?? {},
      state: toState(raw.State),
    },
    tty: raw.Config.Tty,
    layerBytes: raw.SizeRw ?? 0,
  }
}
