import { z } from 'zod'

/** A manifest has at most 127 layers in practice; more ids than this are not counted. */
const layersMax = 1000

const line = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  progressDetail: z
    .object({ current: z.number().optional(), total: z.number().optional() })
    .optional(),
})

export type PullProgress = { readonly doneBytes: number; readonly totalBytes: number }

/** Adds up the downloads of an image's layers; a layer counts as soon as its size is known. */
export const createPullProgress = (): {
  /** Undefined where the line says nothing about a download. */
  readonly add: (value: unknown) => PullProgress | undefined
} => {
  const layers = new Map<string, { done: number; total: number }>()
  return {
    add: (value) => {
      const { id, status, progressDetail } = line.parse(value)
      if (id === undefined) return undefined
      const known = layers.get(id)
      if (status === 'Downloading' && progressDetail?.total !== undefined) {
        if (known === undefined && layers.size >= layersMax) return undefined
        layers.set(id, { done: progressDetail.current ?? 0, total: progressDetail.total })
      } else if (status === 'Download complete' && known !== undefined) {
        layers.set(id, { done: known.total, total: known.total })
      } else {
        return undefined
      }
      const all = [...layers.values()]
      return {
        doneBytes: all.reduce((sum, layer) => sum + layer.done, 0),
        totalBytes: all.reduce((sum, layer) => sum + layer.total, 0),
      }
    },
  }
}
