import { ArtelError } from '#core/errors'
import type { Client } from '#sdk/client'
import type { Task } from '#sdk/types'

export type Collector = {
  /** Brings what a task left home, soon; a problem is thrown by `finished`. */
  readonly take: (task: Task) => void
  /** Resolves when everything taken is home. Throws 'conflict' when two tasks left the same file. */
  readonly finished: () => Promise<void>
  /** Rejects as soon as something went wrong, else stays pending. */
  readonly failed: Promise<never>
}

const fetchesAtOnce = 4

/** Collects what tasks leave in /out into one folder. */
export const createCollector = (client: Client, map: string, folder: string): Collector => {
  const owners = new Map<string, string>()
  const taken = new Set<number>()
  const waiting: Task[] = []
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => undefined)
  const idle = new Set<Promise<void>>()
  const claim = (task: Task, parts: readonly string[]): void => {
    const path = parts.join('/')
    const label = `${task.name} (task ${task.index})`
    const owner = owners.get(path) ?? label
    if (owner !== label) {
      throw new ArtelError('conflict', `${owner} and ${label} both left ${path} in /out`, {
        hint: 'Name what a task leaves after its input.',
      })
    }
    owners.set(path, label)
  }
  const fetchOne = async (task: Task): Promise<void> => {
    const { unpackTar } = await import('#cli/files/unpack')
    const tar = await client.maps.output(map, task.index)
    await unpackTar(tar, folder, (parts, type) => {
      if (type !== 'directory') claim(task, parts)
      return parts
    })
  }
  const work = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      await fetchOne(task)
    }
  }
  return {
    failed: failure.promise,
    take: (task) => {
      if (task.output === undefined || taken.has(task.index)) return
      taken.add(task.index)
      waiting.push(task)
      if (idle.size >= fetchesAtOnce) return
      const worker: Promise<void> = work()
        .catch((error) => failure.reject(error))
        .finally(() => idle.delete(worker))
      idle.add(worker)
    },
    finished: async () => {
      while (idle.size > 0) await Promise.race([failure.promise, Promise.all([...idle])])
    },
  }
}
