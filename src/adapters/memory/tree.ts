import { ArtelError } from '#core/errors'

export type TreeNode =
  | { readonly kind: 'directory'; mode: number }
  | {
      readonly kind: 'file'
      readonly mode: number
      readonly mtime: number
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'symlink'; readonly target: string }

/** Files in memory: nodes by path (`a/b`, the root is ''). Links are kept, never followed. */
export type Tree = {
  readonly nodes: Map<string, TreeNode>
  /** Bound of all file bytes together. */
  readonly bytesMax: number
}

export const createTree = (bytesMax: number): Tree => ({
  nodes: new Map<string, TreeNode>([['', { kind: 'directory', mode: 0o755 }]]),
  bytesMax,
})

const pathOf = (parts: readonly string[]): string => parts.join('/')

export const nodeAt = (tree: Tree, parts: readonly string[]): TreeNode | undefined =>
  tree.nodes.get(pathOf(parts))

/** Names directly below a directory, sorted. */
export const namesIn = (tree: Tree, parts: readonly string[]): readonly string[] => {
  const prefix = parts.length === 0 ? '' : `${pathOf(parts)}/`
  const names: string[] = []
  for (const path of tree.nodes.keys()) {
    if (path === '' || !path.startsWith(prefix)) continue
    const name = path.slice(prefix.length)
    if (name !== '' && !name.includes('/')) names.push(name)
  }
  return names.sort()
}

/** Makes a directory and its parents. Throws 'bad-request' where a file or link is in the way. */
export const ensureDirectory = (tree: Tree, parts: readonly string[], mode: number): void => {
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const path = pathOf(parts.slice(0, depth))
    const node = tree.nodes.get(path)
    if (node === undefined) tree.nodes.set(path, { kind: 'directory', mode: 0o755 })
    else if (node.kind !== 'directory') {
      throw new ArtelError('bad-request', `volume ${path}: ${node.kind} in place of a directory`)
    }
  }
  const node = nodeAt(tree, parts)
  if (node?.kind === 'directory') node.mode = mode
}

/** Throws 'not-found' or 'bad-request' where no directory lies. */
export const mustBeDirectory = (tree: Tree, parts: readonly string[]): void => {
  for (let depth = 0; depth <= parts.length; depth += 1) {
    const path = pathOf(parts.slice(0, depth))
    const kind = tree.nodes.get(path)?.kind
    if (kind === undefined) throw new ArtelError('not-found', `volume ${path}: nothing there`)
    if (kind !== 'directory') throw new ArtelError('bad-request', `volume ${path}: a ${kind}`)
  }
}

/** Removes a node and all below it. */
export const removeNode = (tree: Tree, parts: readonly string[]): void => {
  const path = pathOf(parts)
  for (const other of [...tree.nodes.keys()]) {
    if (other === path || other.startsWith(`${path}/`)) tree.nodes.delete(other)
  }
}

const usedBytes = (tree: Tree): number => {
  let bytes = 0
  for (const node of tree.nodes.values()) if (node.kind === 'file') bytes += node.bytes.length
  return bytes
}

/** Puts a file or link in place of whatever lies there; its parents exist. Throws 'out-of-disk'. */
export const putNode = (tree: Tree, parts: readonly string[], node: TreeNode): void => {
  removeNode(tree, parts)
  if (node.kind === 'file' && usedBytes(tree) + node.bytes.length > tree.bytesMax) {
    throw new ArtelError('out-of-disk', `volume ${pathOf(parts)}: no room`)
  }
  tree.nodes.set(pathOf(parts), node)
}
