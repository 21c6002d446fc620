import { toArtelError } from '#core/errors'
import type { ContainerSpec, Engine } from '#ports/engine'
import type { Volume, Volumes } from '#ports/volumes'

export type ImageVolumesComponents = { readonly engine: Engine; readonly volumes: Volumes }

/** Files that an image may bring in its volumes. */
const entriesMax = 200_000

/** Paths of an image's volumes that nothing else is mounted on. */
export const openPaths = (
  declared: readonly string[],
  mounts: ContainerSpec['mounts'],
): readonly string[] => declared.filter((path) => !mounts.some(({ target }) => target === path))

/**
 * Directories of a sized volume in place of the unsized ones that an engine makes for an image's `VOLUME`s,
 * filled with what the image has there. `spec` is the container that will mount them, without them.
 */
export const mountImageVolumes = async (
  { engine, volumes }: ImageVolumesComponents,
  spec: ContainerSpec,
  paths: readonly string[],
  into: { readonly volume: Volume; readonly sizeBytes: number },
  signal: AbortSignal,
): Promise<ContainerSpec['mounts']> => {
  const { volume, sizeBytes } = into
  const limits = { bytesMax: sizeBytes, entriesMax }
  // Never started: it only shows what the image has.
  const seed = await engine.create({ ...spec, name: `${spec.name}-seed` }, signal)
  const mounts: ContainerSpec['mounts'][number][] = []
  try {
    for (const [index, target] of paths.entries()) {
      const directory = `image/${index}`
      await volumes.makeDirectory(volume, directory, 0o755)
      try {
        // With `/.` the names in the tar are relative to the directory, wherever a link leads.
        const tar = engine.getArchive(seed, `${target}/.`, signal)
        await volumes.unpack(volume, directory, tar, limits, signal)
      } catch (error) {
        if (toArtelError(error).code !== 'not-found') throw error
      }
      mounts.push({ source: `${volume.path}/${directory}`, target, readonly: false })
    }
  } finally {
    await engine.remove(seed, signal)
  }
  return mounts
}
