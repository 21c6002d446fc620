import type { BlobId, Blobs } from '#ports/blobs'

/** Which blobs the runs and maps of this node name: equal content is one blob, whoever brought it. */
export type BlobUse = {
  /** `named` tells all that one kind of thing names, whenever it is asked. */
  readonly add: (named: () => Iterable<string>) => void
  /** Removes those of `blobs` that nothing names any more. */
  readonly removeUnused: (blobs: Iterable<BlobId>) => Promise<void>
}

export const createBlobUse = (blobs: Pick<Blobs, 'remove'>): BlobUse => {
  const users: (() => Iterable<string>)[] = []
  return {
    add: (named) => void users.push(named),
    removeUnused: async (candidates) => {
      const named = new Set(users.flatMap((names) => [...names()]))
      for (const blob of new Set(candidates)) if (!named.has(blob)) await blobs.remove(blob)
    },
  }
}
