import { toArtelError } from '#core/errors'
import type { ContainerSpec, Engine, EngineContainer } from '#ports/engine'
import { labelKeys } from './labels.ts'

/** Creates the container; one that a crash left under its name gives way. */
export const createAnew = async (
  engine: Engine,
  spec: ContainerSpec,
  signal: AbortSignal,
): Promise<string> => {
  try {
    return await engine.create(spec, signal)
  } catch (error) {
    if (toArtelError(error).code !== 'conflict') throw error
    const run = `${labelKeys.run}=${spec.labels[labelKeys.run]}`
    const left: readonly EngineContainer[] = await engine.list(run, signal)
    for (const one of left.filter(({ name }) => name === spec.name)) {
      await engine.remove(one.id, signal)
    }
    return engine.create(spec, signal)
  }
}
