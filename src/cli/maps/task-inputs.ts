import { access, constants, glob, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { exactly } from '#cli/files/pack'
import { UsageError } from '#cli/flags/usage-error'
import { ArtelError } from '#core/errors'
import type { Client } from '#sdk/client'

/** A file that becomes the input of one task. */
export type TaskInput = { readonly path: string; readonly name: string; readonly size: number }

const tasksMax = 100_000
const uploadsAtOnce = 4

/** The files that the patterns match, each once, in order of their paths. Throws UsageError, 'bad-request'. */
export const findInputs = async (patterns: readonly string[]): Promise<readonly TaskInput[]> => {
  const paths = new Set<string>()
  for (const pattern of patterns) {
    const before = paths.size
    const literal = await stat(pattern).catch(() => undefined)
    if (literal?.isFile() === true) paths.add(pattern)
    else {
      for await (const path of glob(pattern)) {
        if ((await stat(path)).isFile()) paths.add(path)
        if (paths.size > tasksMax) throw new UsageError(`more than ${tasksMax} input files`)
      }
    }
    if (paths.size === before) throw new UsageError(`no file matches --input ${pattern}`)
  }
  const sorted = [...paths].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return await Promise.all(sorted.map(readable))
}

const readable = async (path: string): Promise<TaskInput> => {
  try {
    await access(path, constants.R_OK)
    return { path, name: basename(path), size: (await stat(path)).size }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ArtelError('bad-request', `cannot read ${path}: ${why}`, { cause })
  }
}

/** Sends every input, a few at once, and returns the tasks in order. */
export const sendTaskInputs = async (
  client: Client,
  inputs: readonly TaskInput[],
  sent: (done: number) => void,
): Promise<{ name: string; blob: string }[]> => {
  const tasks: { name: string; blob: string }[] = []
  let next = 0
  let done = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < inputs.length; at = next++) {
      const input = inputs[at]
      if (input === undefined) return
      const { id } = await client.blobs.put(content(input))
      tasks[at] = { name: input.name, blob: id }
      done += 1
      sent(done)
    }
  }
  await Promise.all(Array.from({ length: uploadsAtOnce }, worker))
  return tasks
}

async function* content({ path, size }: TaskInput): AsyncGenerator<Uint8Array> {
  if (size > 0) yield* exactly(path, size)
}
