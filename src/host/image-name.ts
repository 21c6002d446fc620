import type { ImageReference } from '#core/manifest'
import type { EngineImage } from '#ports/engine'

/** The repository of a reference: what precedes its tag or digest. */
export const repositoryOf = (reference: string): string => {
  const bare = reference.split('@')[0] ?? reference
  const slash = bare.lastIndexOf('/')
  const colon = bare.indexOf(':', slash + 1)
  return colon === -1 ? bare : bare.slice(0, colon)
}

/** Last parts of names that only a local network knows. */
const localDomains = new Set(['arpa', 'corp', 'home', 'internal', 'lan', 'local', 'localdomain'])

/**
 * Whether a reference names a registry of the world. An engine asks from the owner's own network: a tenant must
 * not have it ask this machine or what stands beside it.
 */
export const isPublicRegistry = (reference: string): boolean => {
  const [first = '', ...rest] = reference.split('/')
  if (rest.length === 0 || !(/[.:]/.test(first) || first === 'localhost')) return true
  const labels = first.replace(/:\d+$/, '').toLowerCase().split('.')
  const last = labels.at(-1) ?? ''
  return labels.length > 1 && /^[a-z][a-z0-9-]*$/.test(last) && !localDomains.has(last)
}

/** The reference by which a registry serves exactly these bytes. */
export const pullReference = (image: ImageReference): string =>
  `${repositoryOf(image.reference)}@${image.digest}`

/** Whether what the engine holds is the image that was meant: by config digest, or by the manifest it came by. */
export const isImage = (held: EngineImage, digest: string): boolean =>
  held.id === digest || held.repoDigests.some((name) => name.endsWith(`@${digest}`))
