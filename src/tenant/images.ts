import { ArtelError, toArtelError } from '#core/errors'
import type { ImageReference } from '#core/manifest'
import type { Engine, EngineImage } from '#ports/engine'
import {
  formatReference,
  looksLikeImageId,
  type NormalReference,
  nameOf,
  parseReference,
} from './image-reference.ts'

/** An image by identity, with what placing needs of it. */
export type ResolvedImage = {
  readonly image: ImageReference
  readonly arch: string
  readonly sizeBytes: number
  /** What the container runs when the request says nothing. */
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
}

export type Images = {
  /**
   * `pull` as with docker: 'missing' asks the registry for what the engine lacks. Throws 'bad-request',
   * 'image-not-found', 'image-platform', 'unavailable'.
   */
  readonly resolve: (
    reference: string,
    signal: AbortSignal,
    pull?: 'always' | 'missing' | 'never',
  ) => Promise<ResolvedImage>
}

const describe = (held: EngineImage, image: ImageReference): ResolvedImage => ({
  image,
  arch: held.arch,
  sizeBytes: held.sizeBytes,
  entrypoint: held.entrypoint,
  command: held.command,
})

/** The digest under which a registry served the image by this very name. */
const registryDigest = (held: EngineImage, wanted: NormalReference): string | undefined => {
  for (const text of held.repoDigests) {
    const known = parseKnown(text)
    if (known?.digest === undefined || nameOf(known) !== nameOf(wanted)) continue
    if (wanted.digest === undefined || wanted.digest === known.digest) return known.digest
  }
  return undefined
}

/** An engine may list names that are no references, such as `<none>@<none>`. */
const parseKnown = (text: string): NormalReference | undefined => {
  try {
    return parseReference(text)
  } catch (error) {
    if (error instanceof ArtelError && error.code === 'bad-request') return undefined
    throw error
  }
}

const identify = (held: EngineImage, text: string): ResolvedImage => {
  const local = { reference: held.id, digest: held.id, source: 'tenant' } as const
  if (
    looksLikeImageId(text) &&
    held.id.replace('sha256:', '').startsWith(text.replace('sha256:', ''))
  ) {
    return describe(held, local)
  }
  const wanted = parseReference(text)
  const reference = formatReference(wanted)
  const digest = registryDigest(held, wanted)
  if (digest === undefined) return describe(held, { ...local, reference })
  return describe(held, { reference, digest, source: 'registry' })
}

const notFound = (text: string, cause?: unknown) =>
  new ArtelError('image-not-found', `no image ${text}, neither here nor in its registry`, {
    cause,
    hint: 'Check the name, or build or load the image into the local engine first.',
  })

const notHeld = (text: string) =>
  new ArtelError('image-not-found', `no image ${text} here, and it must not be pulled`, {
    hint: 'Pull it first, or leave out --pull never.',
  })

const noEngine = (text: string) =>
  new ArtelError('unavailable', `the image ${text} cannot be resolved: this node has no engine`, {
    hint: 'Install Docker here, or name the image by its digest: name@sha256:...',
  })

/** Without an engine only a digest says which image is meant. */
const byDigest = (text: string): ResolvedImage => {
  const wanted = parseReference(text)
  if (wanted.digest === undefined) throw noEngine(text)
  const reference = formatReference(wanted)
  return {
    image: { reference, digest: wanted.digest, source: 'registry' },
    arch: 'amd64',
    sizeBytes: 0,
    entrypoint: [],
    command: [],
  }
}

/** Finds out which image a name means, so that every host runs the same bytes. */
export const createImages = (engine: Pick<Engine, 'image' | 'pull'> | undefined): Images => ({
  resolve: async (text, signal, pull = 'missing') => {
    if (!looksLikeImageId(text)) parseReference(text)
    if (engine === undefined) return byDigest(text)
    const held = await engine.image(text, signal)
    const isId = text.startsWith('sha256:')
    if (held !== undefined && (isId || pull !== 'always')) return identify(held, text)
    if (isId) throw notFound(text)
    if (pull === 'never') throw notHeld(text)
    try {
      await engine.pull(formatReference(parseReference(text)), () => undefined, signal)
    } catch (caught) {
      const error = toArtelError(caught)
      if (signal.aborted || error.code !== 'image-not-found') throw error
      throw notFound(text, error)
    }
    const pulled = await engine.image(text, signal)
    if (pulled === undefined) throw notFound(text)
    return identify(pulled, text)
  },
})
