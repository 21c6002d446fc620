import type { ContainerState, Engine } from '#ports/engine'

const wrongExit = (state: ContainerState): ContainerState =>
  state.status === 'exited' ? { ...state, exitCode: (state.exitCode + 1) % 100 } : state

/** Misbehaving engines, by the checker that must find them: what each does instead. */
export const enginePlants = {
  'containers-have-leases': () => ({
    stop: async () => undefined,
    kill: async () => undefined,
    remove: async () => undefined,
  }),
  'runs-end': (engine) => ({
    create: (spec, signal) =>
      engine.create({ ...spec, entrypoint: [], command: ['sleep', '100000000'] }, signal),
  }),
  'exits-true': (engine) => ({
    wait: async (id, signal) => {
      const state = await engine.wait(id, signal)
      return { ...state, exitCode: (state.exitCode + 1) % 100 }
    },
    inspect: async (id, signal) => {
      const container = await engine.inspect(id, signal)
      return container === undefined
        ? undefined
        : { ...container, state: wrongExit(container.state) }
    },
    list: async (label, signal) =>
      (await engine.list(label, signal)).map((one) => ({ ...one, state: wrongExit(one.state) })),
  }),
  'nothing-leaked': () => ({ removeNetwork: async () => undefined }),
} as const satisfies Readonly<Record<string, (engine: Engine) => Partial<Engine>>>

export type EnginePlant = keyof typeof enginePlants
