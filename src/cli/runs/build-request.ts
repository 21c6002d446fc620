import { posix } from 'node:path'
import type { Context } from '#cli/context'
import type { Found } from '#cli/files/pack'
import type { FlagValues } from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import type { RunCreate } from '#sdk/types'
import type { runFlags } from './run-flags.ts'
import { readWorkload } from './workload-flags.ts'

export type RunFlags = FlagValues<typeof runFlags>

/** An input that was looked through and can be sent: where it goes and what it is made of. */
export type ReadyInput = {
  readonly source: string
  /** The folder in the container that the tar is unpacked in. */
  readonly target: string
  readonly found: readonly Found[]
}

const hostnamePattern = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/

/** The request that a command line of `artel run` stands for, without its inputs. */
export const buildRequest = async (
  context: Context,
  flags: RunFlags,
  args: readonly string[],
): Promise<RunCreate> => {
  const [image = '', ...command] = args
  if (image === '') throw new UsageError('invalid reference format: the image name is empty')
  checkFlags(flags)
  const { name, hostname, platform, pull } = flags
  return {
    ...(await readWorkload(flags, context.token)),
    image,
    ...(command.length === 0 ? {} : { command }),
    ...(name === undefined ? {} : { name }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(platform === undefined ? {} : { platform }),
    ...(pull === undefined ? {} : { pull }),
    ...readTimes(flags),
    labels: readLabels(flags.label),
    tty: flags.tty,
    openStdin: flags.interactive,
    attached: !flags.detach,
    // With outputs the run is forgotten here, once they are home.
    autoRemove: flags.rm && flags.output.length === 0,
    outputs: flags.output.map(({ path }) => path),
    ...(flags.restart === undefined ? {} : { restart: flags.restart }),
  }
}

const checkFlags = (flags: RunFlags): void => {
  const { name } = flags
  if (name !== undefined && !namePattern.test(name)) {
    throw new UsageError(
      `invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    )
  }
  if (flags.hostname !== undefined && !hostnamePattern.test(flags.hostname)) {
    throw new UsageError(`invalid hostname format: ${flags.hostname}`)
  }
  if (flags.detach && flags.output.length > 0) {
    throw new UsageError('conflicting options: --detach and --output: outputs come home at the end')
  }
  if (flags.tty && flags.interactive && !flags.detach && process.stdin.isTTY !== true) {
    throw new UsageError('the input device is not a TTY')
  }
}

const readTimes = (flags: RunFlags) => {
  const { timeout, keep } = flags
  const grace = flags['stop-timeout']
  return {
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
    ...(grace === undefined ? {} : { stopGraceSeconds: grace }),
    ...(keep === undefined ? {} : { keepSeconds: keep }),
  }
}

const readLabels = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=')
      if (at === 0 || text === '') throw new UsageError(`invalid label format: "${text}"`)
      return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
    }),
  )

/** Looks through what the run wants to take along, before anything is spent. */
export const checkInputs = async (flags: RunFlags): Promise<readonly ReadyInput[]> => {
  if (flags.input.length === 0) return []
  const [{ scan }, { stat }] = await Promise.all([
    import('#cli/files/pack'),
    import('node:fs/promises'),
  ])
  const ready: ReadyInput[] = []
  for (const { source, target } of flags.input) {
    // A file stands at the target itself, as with docker's bind mounts; a folder's content in it.
    const info = await stat(source).catch(() => undefined)
    const asFile = info?.isDirectory() !== true && !target.endsWith('/')
    const found = await scan(source, asFile ? posix.basename(target) : undefined)
    ready.push({ source, target: asFile ? posix.dirname(target) : target, found })
  }
  return ready
}

/** Sends the inputs and names them in the request. */
export const sendInputs = async (
  context: Context,
  inputs: readonly ReadyInput[],
  sent: (bytes: number, total: number) => void,
): Promise<NonNullable<RunCreate['inputs']>> => {
  if (inputs.length === 0) return []
  const { packTar, sizeOf } = await import('#cli/files/pack')
  const client = await context.client()
  const total = inputs.reduce((sum, { found }) => sum + sizeOf(found), 0)
  let bytes = 0
  async function* counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      bytes += chunk.length
      sent(Math.min(bytes, total), total)
      yield chunk
    }
  }
  const done: { target: string; blob: string }[] = []
  for (const { target, found } of inputs) {
    const { id } = await client.blobs.put(counted(packTar(found)))
    done.push({ target, blob: id })
  }
  return done
}
