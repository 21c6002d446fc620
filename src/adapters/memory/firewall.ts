import { ArtelError } from '#core/errors'
import type { Firewall } from '#ports/firewall'

export type MemoryFirewall = Firewall & {
  /** What is in force, by bridge. */
  readonly rules: () => ReadonlyMap<string, { readonly subnet: string; readonly egress: boolean }>
  readonly setAvailable: (available: boolean) => void
  /** The machine has restarted: rules are gone. */
  readonly loseEverything: () => void
}

/** A firewall that remembers its rules. */
export const createMemoryFirewall = (): MemoryFirewall => {
  const rules = new Map<string, { readonly subnet: string; readonly egress: boolean }>()
  let usable = true
  const check = (signal: AbortSignal): void => {
    signal.throwIfAborted()
    if (!usable) throw new ArtelError('unavailable', 'this node may not change the firewall')
  }
  return {
    available: async (signal) => {
      signal.throwIfAborted()
      return usable
    },
    isolate: async ({ bridge, subnet, egress }, signal) => {
      check(signal)
      rules.set(bridge, { subnet, egress })
    },
    release: async (bridge, signal) => {
      check(signal)
      rules.delete(bridge)
    },
    bridges: async (signal) => {
      check(signal)
      return [...rules.keys()].sort()
    },
    rules: () => rules,
    setAvailable: (available) => {
      usable = available
    },
    loseEverything: () => rules.clear(),
  }
}
