import { ArtelError } from '#core/errors'
import type { Engine, EngineContainer } from '#ports/engine'
import { type Components, findContainer, isLive } from './engine-components.ts'
import {
  argvOf,
  changeState,
  createContainer,
  finish,
  type MemoryContainer,
  run,
  stateChange,
} from './engine-container.ts'
import { hexOf } from './engine-images.ts'
import { hasLabel } from './engine-networks.ts'

const notFoundCode = 127
/** Exit codes of signals that end a process; others are ignored. */
const fatal: Readonly<Record<string, number>> = {
  SIGKILL: 137,
  SIGTERM: 143,
  SIGINT: 130,
  SIGHUP: 129,
  SIGQUIT: 131,
}

const numbers: Readonly<Record<string, string>> = {
  '1': 'SIGHUP',
  '2': 'SIGINT',
  '3': 'SIGQUIT',
  '9': 'SIGKILL',
  '15': 'SIGTERM',
}

/** `KILL`, `SIGKILL` and `9` are one signal, as for docker. */
const fullName = (name: string): string =>
  numbers[name] ?? (name.startsWith('SIG') ? name : `SIG${name}`)

const shown = ({ id, spec, state }: MemoryContainer): EngineContainer => ({
  id,
  name: spec.name,
  labels: spec.labels,
  state,
})

const start = (components: Components, container: MemoryContainer): void => {
  if (isLive(container)) return
  const argv = argvOf(container)
  const program = components.programOf(argv)
  if (program !== undefined) {
    run(components.world, container, argv, program)
    return
  }
  const error = `exec: "${argv[0] ?? ''}": executable file not found in $PATH`
  const finishedAtMs = components.world.clock.nowMs()
  const failed = { exitCode: notFoundCode, oomKilled: false, error, finishedAtMs }
  changeState(container, { status: 'exited', ...failed })
  throw new ArtelError('command-not-found', `start: ${error}`)
}

type Life = Pick<
  Engine,
  'create' | 'start' | 'stop' | 'kill' | 'pause' | 'resume' | 'wait' | 'remove' | 'inspect' | 'list'
>

/** Containers from their making to their end. */
export const createLife = (components: Components): Life => {
  const { world, images, networks, containers } = components
  let created = 0
  const find = (id: string, signal: AbortSignal): MemoryContainer =>
    findContainer(components, id, signal)
  const end = (id: string, code: number, signal: AbortSignal): void => {
    signal.throwIfAborted()
    const container = containers.get(id)
    if (container !== undefined) finish(world, container, code)
  }
  const freeze = (id: string, from: 'running' | 'paused', signal: AbortSignal): void => {
    const container = find(id, signal)
    if (container.state.status !== from) {
      throw new ArtelError('conflict', `container ${id} is ${container.state.status}`)
    }
    changeState(container, { status: from === 'running' ? 'paused' : 'running' })
  }
  return {
    create: async (spec, signal) => {
      signal.throwIfAborted()
      const image = images.find(spec.image)
      if (image === undefined)
        throw new ArtelError('image-not-found', `No such image: ${spec.image}`)
      if ([...containers.values()].some((one) => one.spec.name === spec.name)) {
        throw new ArtelError('conflict', `the name ${spec.name} is in use`)
      }
      if (spec.network !== 'none' && !networks.has(spec.network)) {
        throw new ArtelError('not-found', `network ${spec.network} not found`)
      }
      created += 1
      const id = hexOf(`container ${created}`)
      containers.set(id, createContainer(id, spec, image))
      return id
    },
    start: async (id, signal) => start(components, find(id, signal)),
    stop: async (id, _graceSeconds, signal) => end(id, fatal.SIGTERM ?? 0, signal),
    kill: async (id, name, signal) => {
      const code = fatal[fullName(name)]
      if (code === undefined) signal.throwIfAborted()
      else end(id, code, signal)
    },
    pause: async (id, signal) => freeze(id, 'running', signal),
    resume: async (id, signal) => freeze(id, 'paused', signal),
    wait: async (id, signal) => {
      for (;;) {
        const container = find(id, signal)
        if (container.state.status === 'exited') return container.state
        await stateChange(container, signal)
      }
    },
    remove: async (id, signal) => {
      end(id, fatal.SIGKILL ?? 0, signal)
      const container = containers.get(id)
      containers.delete(id)
      // Whoever waits for it learns that it is gone.
      if (container !== undefined) changeState(container, container.state)
    },
    inspect: async (id, signal) => {
      signal.throwIfAborted()
      const container = containers.get(id)
      return container === undefined ? undefined : shown(container)
    },
    list: async (label, signal) => {
      signal.throwIfAborted()
      return [...containers.values()].filter(({ spec }) => hasLabel(spec.labels, label)).map(shown)
    },
  }
}
