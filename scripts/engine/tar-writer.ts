import { pack } from 'tar-stream'

export type TarEntry = {
  readonly name: string
  readonly mode: number
} & (
  | { readonly type: 'directory' }
  | { readonly type: 'file'; readonly bytes: Uint8Array }
  | { readonly type: 'link'; readonly linkname: string }
)

/** A whole small tar in memory; times and owners are zero, so equal entries give equal bytes. */
export const writeTar = async (entries: readonly TarEntry[]): Promise<Buffer> => {
  const tar = pack()
  for (const entry of entries) {
    const header = { name: entry.name, mode: entry.mode, mtime: new Date(0), type: entry.type }
    if (entry.type === 'file') tar.entry(header, Buffer.from(entry.bytes))
    else if (entry.type === 'link') tar.entry({ ...header, linkname: entry.linkname })
    else tar.entry(header)
  }
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) if (chunk instanceof Uint8Array) chunks.push(chunk)
  return Buffer.concat(chunks)
}
