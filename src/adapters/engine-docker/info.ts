import { z } from 'zod'
import type { Engine } from '#ports/engine'
import type { EngineHttp } from './http.ts'

const info = z.object({
  Architecture: z.string(),
  OSType: z.string(),
  NCPU: z.number(),
  MemTotal: z.number(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
})

const version = z.object({
  Version: z.string(),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
})

/** Names of processors as images use them; the engine says the kernel's. */
const archNames: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' }

export const createInfo = (http: EngineHttp): Pick<Engine, 'info'> => ({
  info: async (signal) => {
    const facts = info.parse(
      await http.json({ what: 'info', method: 'GET', path: '/info' }, signal),
    )
    const built = version.parse(
      await http.json({ what: 'version', method: 'GET', path: '/version' }, signal),
    )
    const isPodman = built.Components?.some(({ Name }) => /podman/i.test(Name)) === true
    return {
      name: isPodman ? 'podman' : 'docker',
      version: built.Version,
      arch: archNames[facts.Architecture] ?? facts.Architecture,
      os: facts.OSType,
      runtimes: Object.keys(facts.Runtimes ?? {}).sort(),
      cpus: facts.NCPU,
      memoryBytes: facts.MemTotal,
    }
  },
})
