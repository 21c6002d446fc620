import { ArtelError } from '#core/errors'
import type { RunId } from '#core/ids'
import type { RunEntry } from '#protocol/tenant-records'
import type { ActContext } from './acts/context.ts'
import type { Instance } from './instance.ts'

/** A run of this node: what is listed of it, its life, and the means to serve it. */
export type Run = {
  readonly instance: Instance
  readonly context: ActContext
  entry: RunEntry
  /** The size that a client set last. */
  terminal: { readonly columns: number; readonly rows: number } | undefined
}

/** All runs of this node, by id, name or beginning of an id. */
export type RunBook = {
  readonly add: (run: Run) => void
  readonly delete: (id: RunId) => void
  /** Listed ones, oldest first. */
  readonly all: () => readonly Run[]
  /** With those that are removed and only await their settlement. */
  readonly everything: () => readonly Run[]
  readonly isTaken: (name: string) => boolean
  /** Throws 'not-found' or 'conflict' (ambiguous). */
  readonly find: (name: string) => Run
}

const prefixDigitsMin = 4

export const createRunBook = (): RunBook => {
  const runs = new Map<RunId, Run>()
  const all = () =>
    [...runs.values()]
      .filter(({ entry }) => !entry.removed)
      .sort(
        (a, b) =>
          a.entry.createdAtMs - b.entry.createdAtMs || (a.instance.id < b.instance.id ? -1 : 1),
      )
  return {
    add: (run) => void runs.set(run.instance.id, run),
    delete: (id) => void runs.delete(id),
    all,
    everything: () => [...runs.values()],
    isTaken: (name) => all().some(({ entry }) => entry.name === name),
    find: (name) => {
      const listed = all()
      const exact = listed.find(
        ({ instance, entry }) => instance.id === name || entry.name === name,
      )
      if (exact !== undefined) return exact
      const byPrefix =
        name.length >= prefixDigitsMin
          ? listed.filter(({ instance }) => instance.id.startsWith(name.toLowerCase()))
          : []
      const [first, second] = byPrefix
      if (second !== undefined) {
        throw new ArtelError('conflict', `${byPrefix.length} runs begin with ${name}`, {
          hint: 'Give more digits of the id.',
        })
      }
      if (first === undefined) {
        throw new ArtelError('not-found', `no run ${name}`, { hint: '`artel ps -a` lists all.' })
      }
      return first
    },
  }
}
