import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { Engine, EngineContainer } from '#ports/engine'
import { containerConfig } from './container-config.ts'
import { type Inspected, parseInspected } from './container-state.ts'
import { startRefusal } from './errors.ts'
import { hostFileBytes } from './host-files.ts'
import type { Call, EngineHttp } from './http.ts'
import { waitForExit } from './wait-for-exit.ts'

type Containers = Pick<
  Engine,
  | 'create'
  | 'start'
  | 'stop'
  | 'kill'
  | 'pause'
  | 'resume'
  | 'wait'
  | 'remove'
  | 'inspect'
  | 'list'
  | 'resize'
  | 'layerBytes'
>

const created = z.object({ Id: z.string() })
const listed = z.array(z.object({ Id: z.string() }))

const gone = 404
const alreadySo = 304
const notRunning = 409

export const containerPath = (id: string, verb: string): string =>
  `/containers/${encodeURIComponent(id)}${verb}`

export const inspectContainer = async (
  http: EngineHttp,
  id: string,
  size: boolean,
  signal: AbortSignal,
): Promise<Inspected | undefined> => {
  const path = containerPath(id, '/json')
  const call: Call = {
    what: `inspect ${id}`,
    method: 'GET',
    path,
    query: { size },
    settled: [gone],
  }
  const value = await http.json(call, signal)
  return value === undefined ? undefined : parseInspected(value)
}

export const createContainers = (http: EngineHttp): Containers => {
  const inspect = (id: string, signal: AbortSignal): Promise<Inspected | undefined> =>
    inspectContainer(http, id, false, signal)

  const post = async (
    id: string,
    verb: string,
    signal: AbortSignal,
    more: Pick<Call, 'query' | 'settled'> = {},
  ): Promise<void> => {
    const path = containerPath(id, `/${verb}`)
    await http.json({ what: `${verb} ${id}`, method: 'POST', path, ...more }, signal)
  }

  return {
    create: async (spec, signal) => {
      const query = { name: spec.name }
      const body = containerConfig(spec)
      const what = 'create container'
      const call: Call = { what, method: 'POST', path: '/containers/create', query, body }
      return created.parse(await http.json(call, signal)).Id
    },

    start: async (id, signal) => {
      try {
        await post(id, 'start', signal, { settled: [alreadySo] })
      } catch (error) {
        throw error instanceof ArtelError ? startRefusal(error) : error
      }
    },

    stop: (id, graceSeconds, signal) =>
      post(id, 'stop', signal, { query: { t: graceSeconds }, settled: [alreadySo, gone] }),

    kill: (id, name, signal) =>
      post(id, 'kill', signal, { query: { signal: name }, settled: [gone, notRunning] }),

    pause: (id, signal) => post(id, 'pause', signal),

    resume: (id, signal) => post(id, 'unpause', signal),

    wait: (id, signal) => waitForExit(http, inspect, id, signal),

    remove: async (id, signal) => {
      const path = containerPath(id, '')
      // `v` takes the anonymous volumes of the image along.
      const query = { force: true, v: true }
      await http.json(
        { what: `remove ${id}`, method: 'DELETE', path, query, settled: [gone] },
        signal,
      )
    },

    inspect: async (id, signal) => (await inspect(id, signal))?.container,

    list: async (label, signal) => {
      const query = { all: true, filters: JSON.stringify({ label: [label] }) }
      const call: Call = { what: 'list containers', method: 'GET', path: '/containers/json', query }
      const found: EngineContainer[] = []
      for (const { Id } of listed.parse(await http.json(call, signal))) {
        // Exit codes are in the inspection alone; what vanished meanwhile is not listed.
        const one = await inspect(Id, signal)
        if (one !== undefined) found.push(one.container)
      }
      return found
    },

    resize: (id, columns, rows, signal) =>
      post(id, 'resize', signal, { query: { w: columns, h: rows } }),

    layerBytes: async (id, signal) => {
      const found = await inspectContainer(http, id, true, signal)
      if (found === undefined) throw new ArtelError('not-found', `container ${id} is gone`)
      return found.layerBytes + (await hostFileBytes(http, containerPath(id, '/archive'), signal))
    },
  }
}
