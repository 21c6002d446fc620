import { ArtelError } from '#core/errors'
import type { Engine } from '#ports/engine'

type Network = Parameters<Engine['createNetwork']>[0]

export type MemoryNetworks = Pick<Engine, 'createNetwork' | 'networks' | 'removeNetwork'> & {
  readonly has: (name: string) => boolean
  readonly clear: () => void
}

/** `key` or `key=value` as a filter of labels. */
export const hasLabel = (labels: Readonly<Record<string, string>>, label: string): boolean => {
  const at = label.indexOf('=')
  if (at < 0) return Object.hasOwn(labels, label)
  return labels[label.slice(0, at)] === label.slice(at + 1)
}

export const createMemoryNetworks = (): MemoryNetworks => {
  const held = new Map<string, Network>()
  return {
    has: (name) => held.has(name),
    clear: () => held.clear(),
    createNetwork: async (spec, signal) => {
      signal.throwIfAborted()
      const clash = [...held.values()].find(
        ({ name, subnet, bridge }) =>
          name === spec.name || subnet === spec.subnet || bridge === spec.bridge,
      )
      if (clash !== undefined) {
        throw new ArtelError('conflict', `network ${spec.name} clashes with ${clash.name}`)
      }
      held.set(spec.name, spec)
    },
    networks: async (label, signal) => {
      signal.throwIfAborted()
      return [...held.values()]
        .filter(({ labels }) => hasLabel(labels, label))
        .map(({ name, subnet, bridge }) => ({ name, subnet, bridge }))
    },
    removeNetwork: async (name, signal) => {
      signal.throwIfAborted()
      held.delete(name)
    },
  }
}
