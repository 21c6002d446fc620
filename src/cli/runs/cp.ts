import { basename, posix } from 'node:path'
import { defineCommand } from '#cli/command'
import type { Context } from '#cli/context'
import { UsageError } from '#cli/flags/usage-error'
import { out } from '#cli/print'
import { type CpPlace, parseCpPlace } from '#cli/text/places'
import { toArtelError } from '#core/errors'
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
  if (source.kind === 'stream') {
    await client.runs.putArchive(target.name, target.path, process.stdin)
    return 0
  }
  const { packTar, scan } = await import('#cli/files/pack')
  const { stat } = await import('node:fs/promises')
  const info = await stat(source.path).catch(() => undefined)
  const into = target.path.endsWith('/') || (await isDirectory(client, target))
  const content = info?.isDirectory() === true && (!into || /(^|\/)\.$/.test(source.path))
  const name = into ? basename(source.path) : posix.basename(target.path)
  const folder = into || content ? target.path : posix.dirname(target.path)
  const found = await scan(source.path, name)
  if (info?.isDirectory() !== true || content) {
    await client.runs.putArchive(target.name, folder, packTar(found))
    return 0
  }
  const prefixed = found.map(({ path, header }) => ({
    path,
    header: { ...header, name: `${name}/${header.name}` },
  }))
  const { mode, mtimeMs } = info
  const self = {
    path: source.path,
    header: {
      name: `${name}/`,
      type: 'directory' as const,
      mode: mode & 0o7777,
      mtime: Math.floor(mtimeMs / 1000),
      uid: 0,
      gid: 0,
      size: 0,
    },
  }
  await client.runs.putArchive(target.name, folder, packTar([self, ...prefixed]))
  return 0
}

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
