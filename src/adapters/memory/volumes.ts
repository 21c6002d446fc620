import { ArtelError } from '#core/errors'
import { parseVolumePath } from '#core/tar-name'
import type { Volume, Volumes } from '#ports/volumes'
import { packTree, placeEntry, readTar } from './tar.ts'
import {
  createTree,
  ensureDirectory,
  mustBeDirectory,
  namesIn,
  nodeAt,
  putNode,
  removeNode,
  type Tree,
} from './tree.ts'

export type MemoryVolumes = Volumes & {
  /** The files behind what a container mounts: the volume and the directory in it; undefined for other paths. */
  readonly at: (
    path: string,
  ) => { readonly tree: Tree; readonly parts: readonly string[] } | undefined
  /** The disk is gone. */
  readonly loseEverything: () => void
}

const root = '/memory-volumes'

const partsOf = (path: string): readonly string[] => {
  const parts = parseVolumePath(path)
  if (parts !== undefined) return parts
  throw new ArtelError(
    'bad-request',
    `volume path ${JSON.stringify(path.slice(0, 200))} is not sound`,
  )
}

type Trees = Map<string, Tree>

const treeOf = (trees: Trees, volume: Volume): Tree => {
  const tree = trees.get(volume.id)
  if (tree === undefined) throw new ArtelError('not-found', `volume ${volume.id} is gone`)
  return tree
}

const unpack =
  (trees: Trees): Volumes['unpack'] =>
  async (volume, directory, tar, limits, signal) => {
    signal.throwIfAborted()
    const tree = treeOf(trees, volume)
    const base = partsOf(directory)
    mustBeDirectory(tree, base)
    let count = 0
    let bytes = 0
    for await (const entry of readTar(tar, limits.bytesMax)) {
      signal.throwIfAborted()
      count += 1
      bytes += entry.bytes.length
      if (count > limits.entriesMax || bytes > limits.bytesMax) {
        throw new ArtelError(
          'too-large',
          `tar: over ${limits.entriesMax} entries or ${limits.bytesMax} bytes`,
        )
      }
      placeEntry(tree, base, entry)
    }
  }

type Contents = Omit<Volumes, 'sized' | 'create' | 'open' | 'remove' | 'ids'>

const contents = (trees: Trees): Contents => ({
  makeDirectory: async (volume, directory, mode) =>
    ensureDirectory(treeOf(trees, volume), partsOf(directory), mode),
  unpack: unpack(trees),
  async *pack(volume, directory, signal) {
    signal.throwIfAborted()
    const tree = treeOf(trees, volume)
    mustBeDirectory(tree, partsOf(directory))
    yield* packTree(tree, partsOf(directory), '', signal)
  },
  writeFile: async (volume, path, bytes, mode) => {
    const tree = treeOf(trees, volume)
    const parts = partsOf(path)
    if (parts.length === 0) throw new ArtelError('bad-request', 'a file needs a name')
    mustBeDirectory(tree, parts.slice(0, -1))
    putNode(tree, parts, { kind: 'file', mode, mtime: 0, bytes: bytes.slice() })
  },
  readFile: async (volume, path, bytesMax) => {
    const node = nodeAt(treeOf(trees, volume), partsOf(path))
    if (node?.kind !== 'file') return undefined
    if (node.bytes.length <= bytesMax) return node.bytes.slice()
    throw new ArtelError('too-large', `volume file ${path} is over ${bytesMax} bytes`)
  },
  holdsAnything: async (volume, directory) =>
    namesIn(treeOf(trees, volume), partsOf(directory)).length > 0,
  removeDirectory: async (volume, directory) => {
    const parts = partsOf(directory)
    if (parts.length === 0) throw new ArtelError('bad-request', 'the root is not removed')
    removeNode(treeOf(trees, volume), parts)
  },
  emptyDirectory: async (volume, directory) => {
    const tree = treeOf(trees, volume)
    const parts = partsOf(directory)
    mustBeDirectory(tree, parts)
    for (const name of namesIn(tree, parts)) removeNode(tree, [...parts, name])
  },
})

/** Volumes in memory, sized like those on disk; the memory engine's containers mount them. */
export const createMemoryVolumes = (): MemoryVolumes => {
  const trees: Trees = new Map()
  const volumeOf = (id: string): Volume => ({ id, path: `${root}/${id}` })
  return {
    sized: true,
    create: async (id, sizeBytes, signal) => {
      signal.throwIfAborted()
      if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(id)) {
        throw new ArtelError(
          'bad-request',
          `volume id ${JSON.stringify(id.slice(0, 200))} is not sound`,
        )
      }
      if (trees.has(id)) throw new ArtelError('conflict', `volume ${id} exists`)
      trees.set(id, createTree(sizeBytes))
      return volumeOf(id)
    },
    open: async (id) => (trees.has(id) ? volumeOf(id) : undefined),
    remove: async (id, signal) => {
      signal.throwIfAborted()
      trees.delete(id)
    },
    ids: async () => [...trees.keys()].sort(),
    ...contents(trees),
    at: (path) => {
      if (!path.startsWith(`${root}/`)) return undefined
      const [id = '', ...parts] = path.slice(root.length + 1).split('/')
      const tree = trees.get(id)
      return tree === undefined ? undefined : { tree, parts: parts.filter((part) => part !== '') }
    },
    loseEverything: () => trees.clear(),
  }
}
