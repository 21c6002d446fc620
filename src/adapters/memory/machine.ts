import type { Machine, MachineFacts } from '#ports/machine'

const gibibyte = 1024 ** 3

const ordinary: MachineFacts = {
  arch: 'amd64',
  os: 'linux',
  cpuModel: 'memory',
  resources: { cpuMilli: 8000, memoryBytes: 16 * gibibyte, diskBytes: 100 * gibibyte, gpus: 0 },
  gpus: [],
}

/** A computer that is what it is told to be; its benchmark takes no time. */
export const createMemoryMachine = (
  options: { readonly facts?: Partial<MachineFacts>; readonly speed?: number } = {},
): Machine => ({
  facts: async (signal) => {
    signal.throwIfAborted()
    return { ...ordinary, ...options.facts }
  },
  benchmark: async (_durationMs, signal) => {
    signal.throwIfAborted()
    return options.speed ?? 400
  },
})
