import { ArtelError } from '#core/errors'
import type { Engine, EngineImage } from '#ports/engine'

export type MemoryImages = Pick<
  Engine,
  'image' | 'images' | 'pull' | 'load' | 'save' | 'removeImage'
> & {
  readonly add: (image: EngineImage) => void
  readonly find: (reference: string) => EngineImage | undefined
  readonly clear: () => void
}

const magic = 'artel memory image '

/** 64 hexadecimal digits that depend on `text` alone: FNV-1a, eight times over with different starts. */
export const hexOf = (text: string): string => {
  let hex = ''
  for (let round = 0; round < 8; round += 1) {
    let hash = 0x811c9dc5 ^ (round * 0x9e3779b9)
    for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
    hex += (hash >>> 0).toString(16).padStart(8, '0')
  }
  return hex
}

/** An image under this name, its id made from it; `more` says what is special about it. */
export const memoryImage = (tag: string, more: Partial<EngineImage> = {}): EngineImage => ({
  id: `sha256:${hexOf(tag)}`,
  repoDigests: [],
  tags: [tag],
  arch: 'amd64',
  os: 'linux',
  sizeBytes: 1_000_000,
  entrypoint: [],
  command: ['sh'],
  volumes: [],
  ...more,
})

const names = (image: EngineImage, reference: string): boolean =>
  image.id === reference || image.tags.includes(reference) || image.repoDigests.includes(reference)

const parseSaved = (text: string): EngineImage => {
  if (!text.startsWith(magic)) throw new ArtelError('bad-request', 'load: no image in this archive')
  const parsed: Partial<EngineImage> = JSON.parse(text.slice(magic.length))
  return memoryImage(parsed.tags?.[0] ?? 'loaded', parsed)
}

/** Images by id; `registry` has what can be pulled. */
export const createMemoryImages = (registry: readonly EngineImage[]): MemoryImages => {
  const held = new Map<string, EngineImage>()
  const find = (reference: string): EngineImage | undefined =>
    [...held.values()].find((image) => names(image, reference))
  const mustFind = (reference: string): EngineImage => {
    const image = find(reference)
    if (image === undefined) throw new ArtelError('image-not-found', `No such image: ${reference}`)
    return image
  }
  return {
    add: (image) => void held.set(image.id, image),
    find,
    clear: () => held.clear(),
    image: async (reference, signal) => {
      signal.throwIfAborted()
      return find(reference)
    },
    images: async (signal) => {
      signal.throwIfAborted()
      return [...held.values()]
    },
    pull: async (reference, onProgress, signal) => {
      signal.throwIfAborted()
      const image = registry.find((one) => names(one, reference))
      if (image === undefined)
        throw new ArtelError('image-not-found', `pull ${reference}: not found`)
      onProgress({ doneBytes: image.sizeBytes, totalBytes: image.sizeBytes })
      held.set(image.id, image)
    },
    load: async (tar, signal) => {
      const decoder = new TextDecoder()
      let text = ''
      for await (const chunk of tar) {
        signal.throwIfAborted()
        text += decoder.decode(chunk, { stream: true })
      }
      const image = parseSaved(text)
      held.set(image.id, image)
      return [image.id]
    },
    async *save(reference, signal) {
      signal.throwIfAborted()
      yield new TextEncoder().encode(magic + JSON.stringify(mustFind(reference)))
    },
    removeImage: async (reference, signal) => {
      signal.throwIfAborted()
      const image = find(reference)
      if (image !== undefined) held.delete(image.id)
    },
  }
}
