type Leaf<V> = { readonly key: string; readonly value: V; readonly next: Leaf<V> | undefined }
type Branch<V> = { readonly slots: readonly (Node<V> | undefined)[] }
type Node<V> = Leaf<V> | Branch<V>

const bits = 4
const fanout = 1 << bits
const hashBits = 32
const noSlots: readonly undefined[] = Array.from({ length: fanout }, () => undefined)

/** FNV-1a over UTF-16 units, mixed at the end so that every nibble depends on the whole key. */
const hashOf = (key: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return (hash ^ (hash >>> 16)) >>> 0
}

const slotOf = (hash: number, depth: number): number => (hash >>> depth) & (fanout - 1)

const chain = <V>(leaf: Leaf<V> | undefined, key: string, value: V): Leaf<V> => {
  if (leaf === undefined) return { key, value, next: undefined }
  if (leaf.key === key) return { key, value, next: leaf.next }
  return { key: leaf.key, value: leaf.value, next: chain(leaf.next, key, value) }
}

const replace = <V>(branch: Branch<V>, slot: number, node: Node<V>): Branch<V> => {
  const slots = branch.slots.slice()
  slots[slot] = node
  return { slots }
}

const insert = <V>(
  node: Node<V> | undefined,
  hash: number,
  depth: number,
  key: string,
  value: V,
): Node<V> => {
  if (node === undefined) return { key, value, next: undefined }
  if ('slots' in node) {
    const slot = slotOf(hash, depth)
    return replace(node, slot, insert(node.slots[slot], hash, depth + bits, key, value))
  }
  if (node.key === key || depth >= hashBits) return chain(node, key, value)
  const split = replace({ slots: noSlots }, slotOf(hashOf(node.key), depth), node)
  return insert<V>(split, hash, depth, key, value)
}

function* walk<V>(node: Node<V> | undefined): Generator<readonly [string, V]> {
  if (node === undefined) return
  if ('slots' in node) {
    for (const slot of node.slots) yield* walk(slot)
    return
  }
  for (let leaf: Leaf<V> | undefined = node; leaf !== undefined; leaf = leaf.next) {
    yield [leaf.key, leaf.value]
  }
}

/**
 * An immutable map from strings: `with` shares all but a few small arrays with the map that it
 * came from, so a history of states costs little. Order of entries depends on the keys alone.
 */
export class PersistentMap<V> {
  readonly #root: Node<V> | undefined

  constructor(root?: Node<V>) {
    this.#root = root
  }

  get(key: string): V | undefined {
    const hash = hashOf(key)
    let node = this.#root
    let depth = 0
    while (node !== undefined && 'slots' in node) {
      node = node.slots[slotOf(hash, depth)]
      depth += bits
    }
    let leaf = node
    while (leaf !== undefined && leaf.key !== key) leaf = leaf.next
    return leaf?.value
  }

  with(key: string, value: V): PersistentMap<V> {
    return new PersistentMap(insert(this.#root, hashOf(key), 0, key, value))
  }

  entries(): Generator<readonly [string, V]> {
    return walk(this.#root)
  }
}
