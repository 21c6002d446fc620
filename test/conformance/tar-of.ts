import { extract, type Header, pack } from 'tar-stream'

export type TarItem = Partial<Header> & { readonly name: string; readonly content?: string }

/** A tar of these entries as a stream. */
export async function* tarOf(items: readonly TarItem[]): AsyncGenerator<Uint8Array> {
  const tar = pack()
  for (const { content, ...header } of items) {
    if (content === undefined) tar.entry(header)
    else tar.entry(header, content)
  }
  tar.finalize()
  for await (const chunk of tar) if (chunk instanceof Uint8Array) yield chunk
}

/** What a tar holds: name, kind, and content or the target of a link. */
export const itemsOf = async (
  tar: AsyncIterable<Uint8Array>,
): Promise<Record<string, { type: string; content: string; mode: number }>> => {
  const entries = extract()
  const feed = (async () => {
    for await (const chunk of tar) entries.write(Buffer.from(chunk))
    entries.end(undefined)
  })()
  feed.catch((error: Error) => entries.destroy(error))
  const items: Record<string, { type: string; content: string; mode: number }> = {}
  for await (const entry of entries) {
    const chunks: Uint8Array[] = []
    for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk)
    const { name, type, linkname, mode } = entry.header
    const content = linkname ?? Buffer.concat(chunks).toString()
    items[name] = { type: type ?? 'file', content, mode: mode ?? 0 }
  }
  await feed
  return items
}
