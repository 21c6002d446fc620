import { createHash } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import type { Machine } from '#ports/machine'
import { findGpus } from './gpus.ts'

const mebibyte = 1024 * 1024

/** Names of processors as images use them. */
const archNames: Readonly<Record<string, string>> = { x64: 'amd64' }

/** SHA-256 of one block over and over, giving way to other work between blocks. */
const benchmark = async (durationMs: number, signal: AbortSignal): Promise<number> => {
  const block = new Uint8Array(mebibyte)
  let busyMs = 0
  let blocks = 0
  while (busyMs < durationMs) {
    signal.throwIfAborted()
    const begun = performance.now()
    createHash('sha256').update(block).digest()
    busyMs += performance.now() - begun
    blocks += 1
    await turn()
  }
  return (blocks * 1000) / busyMs
}

/** This computer; its disk is the free space of the file system that holds `directory`. */
export const createSystemMachine = (options: { readonly directory: string }): Machine => ({
  facts: async (signal) => {
    const disk = await statfs(options.directory)
    const gpus = await findGpus(signal)
    return {
      arch: archNames[arch()] ?? arch(),
      os: platform(),
      cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
      resources: {
        cpuMilli: availableParallelism() * 1000,
        memoryBytes: totalmem(),
        diskBytes: disk.bavail * disk.bsize,
        gpus: gpus.length,
      },
      gpus,
    }
  },
  benchmark,
})
