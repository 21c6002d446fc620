import { z } from 'zod'
import type { Engine, EngineImage } from '#ports/engine'
import type { EngineHttp } from './http.ts'
import { createImageTransfers } from './image-transfers.ts'

type Images = Pick<Engine, 'image' | 'images' | 'pull' | 'load' | 'save' | 'removeImage'>

const list = z.array(z.string()).nullish()

const inspected = z.object({
  Id: z.string(),
  RepoDigests: list,
  RepoTags: list,
  Architecture: z.string(),
  Os: z.string(),
  Size: z.number(),
  Config: z
    .object({ Entrypoint: list, Cmd: list, Volumes: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
})

const summaries = z.array(z.object({ Id: z.string() }))

const toImage = (value: unknown): EngineImage => {
  const image = inspected.parse(value)
  return {
    id: image.Id,
    repoDigests: image.RepoDigests ?? [],
    tags: image.RepoTags ?? [],
    arch: image.Architecture,
    os: image.Os,
    sizeBytes: image.Size,
    entrypoint: image.Config?.Entrypoint ?? [],
    command: image.Config?.Cmd ?? [],
    volumes: Object.keys(image.Config?.Volumes ?? {}),
  }
}

export const createImages = (http: EngineHttp): Images => {
  const image: Images['image'] = async (reference, signal) => {
    const what = `image ${reference}`
    const path = `/images/${encodeURIComponent(reference)}/json`
    const value = await http.json({ what, method: 'GET', path, settled: [404] }, signal)
    return value === undefined ? undefined : toImage(value)
  }

  return {
    ...createImageTransfers(http, image),

    image,

    images: async (signal) => {
      const call = { what: 'list images', method: 'GET', path: '/images/json' } as const
      const ids = summaries.parse(await http.json(call, signal)).map(({ Id }) => Id)
      const found: EngineImage[] = []
      for (const id of new Set(ids)) {
        const one = await image(id, signal)
        if (one !== undefined) found.push(one)
      }
      return found
    },

    removeImage: async (reference, signal) => {
      const path = `/images/${encodeURIComponent(reference)}`
      const what = `remove image ${reference}`
      await http.json(
        { what, method: 'DELETE', path, query: { force: true }, settled: [404] },
        signal,
      )
    },
  }
}
