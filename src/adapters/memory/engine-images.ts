import { ArtelError } from '#core/errors'
import { encodeTarHeader, tarEnd, tarPadding } from '#core/tar-header'
import type { Engine, EngineImage } from '#ports/engine'
import { readTar } from './tar.ts'

export type MemoryImages = Pick<
  Engine,
  'image' | 'images' | 'pull' | 'load' | 'save' | 'removeImage'
> & {
  readonly add: (image: EngineImage) => void
  readonly find: (reference: string) => EngineImage | undefined
  readonly clear: () => void
}

/** The one member of a saved image's tar. */
const savedName = 'memory-image.json'
const savedBytesMax = 1024 * 1024

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

const parseSaved = async (
  tar: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<EngineImage> => {
  for await (const entry of readTar(tar, savedBytesMax)) {
    signal.throwIfAborted()
    if (entry.name !== savedName) continue
    const parsed: Partial<EngineImage> = JSON.parse(new TextDecoder().decode(entry.bytes))
    return memoryImage(parsed.tags?.[0] ?? 'loaded', parsed)
  }
  throw new ArtelError('bad-request', 'load: no image in this archive')
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
      const image = await parseSaved(tar, signal)
      held.set(image.id, image)
      return [image.id]
    },
    async *save(reference, signal) {
      signal.throwIfAborted()
      const bytes = new TextEncoder().encode(JSON.stringify(mustFind(reference)))
      const owner = { mode: 0o644, uid: 0, gid: 0, mtime: 0 }
      yield encodeTarHeader({ name: savedName, type: 'file', size: bytes.length, ...owner })
      yield bytes
      yield tarPadding(bytes.length)
      yield tarEnd
    },
    removeImage: async (reference, signal) => {
      signal.throwIfAborted()
      const image = find(reference)
      if (image !== undefined) held.delete(image.id)
    },
  }
}
