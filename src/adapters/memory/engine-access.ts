import { ArtelError } from '#core/errors'
import type { Engine } from '#ports/engine'
import { type Components, findContainer, isLive } from './engine-components.ts'
import { locate, type MemoryContainer } from './engine-container.ts'
import { execIn } from './engine-exec.ts'
import { openSession } from './engine-process.ts'
import { packTree, placeEntry, readTar } from './tar.ts'
import { mustBeDirectory, nodeAt } from './tree.ts'

const nanosPerMs = 1_000_000
const entryBytesMax = 1024 ** 3

type Access = Pick<
  Engine,
  'resize' | 'attach' | 'exec' | 'stats' | 'layerBytes' | 'getArchive' | 'putArchive'
>

/** What is done to and with a container that is there. */
export const createAccess = (components: Components): Access => {
  const { world } = components
  const find = (id: string, signal: AbortSignal): MemoryContainer =>
    findContainer(components, id, signal)
  return {
    resize: async (id, _columns, _rows, signal) => void find(id, signal),
    attach: async (id, withInput, signal) => {
      const container = find(id, signal)
      const ended = container.state.status === 'exited'
      return openSession(container.stdio, withInput && container.spec.openStdin, ended, signal)
    },
    exec: async (id, spec, signal) =>
      execIn(world, find(id, signal), spec, components.programOf(spec.command), signal),
    stats: async (id, signal) => {
      const container = find(id, signal)
      if (!isLive(container)) throw new ArtelError('conflict', `container ${id} is not running`)
      const ranMs = world.clock.monotonicMs() - container.startedMs
      return {
        atMs: world.clock.nowMs(),
        cpuNs: Math.floor((ranMs * nanosPerMs * container.spec.cpuMilli) / 1000),
        memoryBytes: Math.min(container.spec.memoryBytes, 1024 * 1024),
        memoryMaxBytes: container.spec.memoryBytes,
        pids: container.processes,
        receivedBytes: 0,
        sentBytes: 0,
        readBytes: 0,
        writtenBytes: 0,
      }
    },
    layerBytes: async (id, signal) => {
      let bytes = 0
      for (const node of find(id, signal).root.nodes.values()) {
        if (node.kind === 'file') bytes += node.bytes.length
      }
      return bytes
    },
    async *getArchive(id, path, signal) {
      const { tree, parts } = locate(world, find(id, signal), path)
      if (nodeAt(tree, parts) === undefined)
        throw new ArtelError('not-found', `no ${path} in ${id}`)
      yield* packTree(
        tree,
        parts,
        path
          .split('/')
          .filter((part) => part !== '')
          .at(-1) ?? '',
        signal,
      )
    },
    putArchive: async (id, path, tar, signal) => {
      const { tree, parts } = locate(world, find(id, signal), path)
      mustBeDirectory(tree, parts)
      for await (const entry of readTar(tar, entryBytesMax)) {
        signal.throwIfAborted()
        placeEntry(tree, parts, entry)
      }
    },
  }
}
