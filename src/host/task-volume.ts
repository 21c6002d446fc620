import { ArtelError, toArtelError } from '#core/errors'
import { encodeTarHeader, tarEnd, tarPadding } from '#core/tar-header'
import type { ContainerSpec } from '#ports/engine'
import type { Volume, Volumes } from '#ports/volumes'
import { taskDirectories, taskFiles, taskPaths, taskScript } from './task-script.ts'

export type TaskInput = {
  readonly name: string
  /** Known size, or it is held in memory. */
  readonly sizeBytes: number | undefined
  /** Unix seconds. */
  readonly mtime: number
  readonly data: AsyncIterable<Uint8Array>
}

/** An input of unknown size is held in memory up to here. */
export const bufferedInputBytesMax = 32 * 1024 * 1024
/** What a task's stdout and stderr show of their ends. */
export const shownBytesMax = 64 * 1024
/** Logs that are read whole to show their end; longer ones are asked of the container. */
const readBytesMax = 1024 * 1024

/** Where tasks of one worker find their input and leave their output: `base` is '' or a directory with '/'. */
export type TaskPlace = { readonly volume: Volume; readonly base: string }

const directoryOf = (place: TaskPlace, part: keyof typeof taskDirectories): string =>
  `${place.base}${taskDirectories[part]}`

export const outputDirectory = (place: TaskPlace): string => directoryOf(place, 'output')

/** Makes the directories that containers mount; whatever user runs in them may write. */
export const makeTaskPlace = async (volumes: Volumes, place: TaskPlace): Promise<void> => {
  await volumes.makeDirectory(place.volume, directoryOf(place, 'input'), 0o755)
  await volumes.makeDirectory(place.volume, directoryOf(place, 'output'), 0o777)
  await volumes.makeDirectory(place.volume, directoryOf(place, 'control'), 0o777)
}

export const taskMounts = (place: TaskPlace): ContainerSpec['mounts'] =>
  taskParts.map((part) => ({
    source: `${place.volume.path}/${directoryOf(place, part)}`,
    target: taskPaths[part],
    readonly: part === 'input',
  }))

export type TaskPart = keyof typeof taskDirectories
export const taskParts: readonly TaskPart[] = ['input', 'output', 'control']

/** Leaves nothing of the last task to the next one. */
export const clearTaskPlace = async (
  volumes: Volumes,
  place: TaskPlace,
  parts: readonly TaskPart[],
): Promise<void> => {
  await Promise.all(
    parts.map((part) => volumes.emptyDirectory(place.volume, directoryOf(place, part))),
  )
}

export const writeTaskScript = (
  volumes: Volumes,
  place: TaskPlace,
  command: readonly string[],
): Promise<void> =>
  volumes.writeFile(
    place.volume,
    `${directoryOf(place, 'control')}/${taskFiles.script}`,
    new TextEncoder().encode(taskScript(command)),
    0o644,
  )

const buffered = async (data: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> => {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of data) {
    bytes += chunk.length
    if (bytes > bufferedInputBytesMax) {
      throw new ArtelError(
        'too-large',
        `an input of unknown size exceeds ${bufferedInputBytesMax} bytes`,
      )
    }
    chunks.push(chunk)
  }
  return chunks
}

const fileTar = async function* (input: TaskInput): AsyncGenerator<Uint8Array> {
  const known = input.sizeBytes
  const chunks = known === undefined ? await buffered(input.data) : input.data
  const held = Array.isArray(chunks)
    ? chunks.reduce((sum: number, one: Uint8Array) => sum + one.length, 0)
    : 0
  const sizeBytes = known ?? held
  const owner = { mode: 0o644, uid: 0, gid: 0, mtime: input.mtime }
  yield encodeTarHeader({ name: input.name, type: 'file', size: sizeBytes, ...owner })
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > sizeBytes) break
    yield chunk
  }
  if (bytes !== sizeBytes) {
    throw new ArtelError('bad-request', `an input of ${sizeBytes} bytes has ${bytes}`)
  }
  yield tarPadding(sizeBytes)
  yield tarEnd
}

/** Puts the input where the task reads it. Throws 'too-large', 'out-of-disk', 'bad-request'. */
export const placeInput = (
  volumes: Volumes,
  place: TaskPlace,
  input: TaskInput,
  signal: AbortSignal,
): Promise<void> => {
  const bytesMax = input.sizeBytes ?? bufferedInputBytesMax
  const limits = { bytesMax, entriesMax: 1 }
  return volumes.unpack(place.volume, directoryOf(place, 'input'), fileTar(input), limits, signal)
}

/** The end of what a task wrote, or undefined where it wrote too much to be read whole. */
export const readTaskLog = async (
  volumes: Volumes,
  place: TaskPlace,
  stream: 'stdout' | 'stderr',
): Promise<Uint8Array | undefined> => {
  const path = `${directoryOf(place, 'control')}/${taskFiles[stream]}`
  try {
    const bytes = await volumes.readFile(place.volume, path, readBytesMax)
    return (bytes ?? new Uint8Array(0)).slice(-shownBytesMax)
  } catch (error) {
    if (toArtelError(error).code === 'too-large') return undefined
    throw error
  }
}
