import type { ImageReference } from '#core/manifest'
import type { EngineImage } from '#ports/engine'

/** The repository of a reference: what precedes its tag or digest. */
export const repositoryOf = (reference: string): string => {
  const bare = reference.split('@')[0] ?? reference
  const slash = bare.lastIndexOf('/')
  const colon = bare.indexOf(':', slash + 1)
  return colon === -1 ? bare : bare.slice(0, colon)
}

/** The reference by which a registry serves exactly these bytes. */
export const pullReference = (image: ImageReference): string =>
  `${repositoryOf(image.reference)}@${image.digest}`

/** Whether what the engine holds is the image that was meant: by config digest, or by the manifest it came by. */
export const isImage = (held: EngineImage, digest: string): boolean =>
  held.id === digest || held.repoDigests.some((name) => name.endsWith(`@${digest}`))
