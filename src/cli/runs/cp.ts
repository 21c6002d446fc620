import { basename, posix, resolve } from 'node:path'
import { defineCommand } from '#cli/command'
import type { Context } from '#cli/context'
import type { Found } from '#cli/files/pack'
import { UsageError } from '#cli/flags/usage-error'
import { out } from '#cli/print'
import { type CpPlace, parseCpPlace } from '#cli/text/places'
import { ArtelError, toArtelError } from '#core/errors'
import type { Client } from '#sdk/client'

type RunPlace = Extract<CpPlace, { readonly kind: 'run' }>

export const command = defineCommand({
  usage: 'cp RUN:SOURCE DESTINATION|-   or   artel cp SOURCE|- RUN:DESTINATION',
  summary: 'Copy files between a run and this machine; - is a tar stream',
  examples: [
    'artel cp web:/etc/hosts .',
    'artel cp ./site web:/srv',
    'artel cp web:/srv - | tar t',
  ],
  flags: {},
  args: { min: 2, max: 2 },
  run: async (context, _, [from = '', to = '']) => {
    const source = parseCpPlace(from)
    const target = parseCpPlace(to)
    if (source.kind === 'run' && target.kind === 'run') {
      throw new UsageError('copying between runs is not supported')
    }
    if (source.kind === 'run') return await copyOut(context, source, target)
    if (target.kind === 'run') return await copyIn(context, source, target)
    throw new UsageError('must specify at least one run: RUN:PATH')
  },
})

const copyOut = async (context: Context, source: RunPlace, target: CpPlace): Promise<number> => {
  const { checkWritable, unpackAt } = await import('./outputs.ts')
  if (target.kind === 'local') await checkWritable(target.path)
  const client = await context.client()
  const tar = await client.runs.getArchive(source.name, posix.normalize(source.path))
  if (target.kind === 'stream') {
    for await (const chunk of tar) await out(chunk)
    return 0
  }
  if (target.kind !== 'local') return 1
  // `SOURCE/.` means what lies in it.
  const content = /\/\.$/.test(source.path)
  const top = posix.basename(posix.normalize(source.path))
  await unpackAt(tar, top === '' ? '/' : top, target.path, content ? 'content' : 'itself')
  return 0
}

const copyIn = async (context: Context, source: CpPlace, target: RunPlace): Promise<number> => {
  const client = await context.client()
  await client.runs.get(target.name)
  if (source.kind === 'stream') {
    await client.runs.putArchive(target.name, target.path, process.stdin)
    return 0
  }
  const { packTar } = await import('#cli/files/pack')
  const { folder, found } = await planIn(source.path, target, await isDirectory(client, target))
  await client.runs.putArchive(target.name, folder, packTar(found))
  return 0
}

type Upload = { readonly folder: string; readonly found: readonly Found[] }

/** What to unpack where, as `docker cp` would: what does not exist is made from a folder, never above one. */
const planIn = async (source: string, { path }: RunPlace, isThere: boolean): Promise<Upload> => {
  const { scan } = await import('#cli/files/pack')
  const { stat } = await import('node:fs/promises')
  const info = await stat(source).catch(() => undefined)
  const folder = isThere ? path : posix.dirname(path.replace(/\/+$/, ''))
  if (info?.isDirectory() !== true) {
    if (!isThere && path.endsWith('/'))
      throw new ArtelError('not-found', `no such directory: ${path}`)
    return { folder, found: await scan(source, isThere ? undefined : posix.basename(path)) }
  }
  const found = await scan(source)
  if (isThere && /(^|\/)\.$/.test(source)) return { folder, found }
  return {
    folder,
    found: inFolder(
      isThere ? basename(resolve(source)) : posix.basename(path),
      source,
      info,
      found,
    ),
  }
}

/** The same under a folder `name` that is made like `source`. */
const inFolder = (
  name: string,
  source: string,
  { mode, mtimeMs }: { readonly mode: number; readonly mtimeMs: number },
  found: readonly Found[],
): readonly Found[] => [
  {
    path: source,
    header: {
      name: `${name}/`,
      type: 'directory',
      mode: mode & 0o7777,
      mtime: Math.floor(mtimeMs / 1000),
      uid: 0,
      gid: 0,
      size: 0,
    },
  },
  ...found.map(({ path, header }) => ({
    path,
    header: { ...header, name: `${name}/${header.name}` },
  })),
]

/** Whether a path of a container is a folder: its archive begins with one. */
const isDirectory = async (client: Client, { name, path }: RunPlace): Promise<boolean> => {
  try {
    const tar = await client.runs.getArchive(name, path)
    for await (const chunk of tar) return String.fromCharCode(chunk[156] ?? 0) === '5'
    return false
  } catch (error) {
    if (toArtelError(error).code === 'not-found') return false
    throw error
  }
}
