import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { ArtelError } from '#core/errors'

const fileBytesMax = 1024 * 1024

/** The text of a small file, or undefined where none is. */
export const readSmallFile = async (path: string): Promise<string | undefined> => {
  try {
    const text = await readFile(path, 'utf8')
    if (text.length > fileBytesMax) throw new ArtelError('too-large', `${path} is too large`)
    return text
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** A JSON file that meets `schema`, or undefined where none is; throws 'corrupt' and says where. */
export const readJsonFile = async <T>(
  path: string,
  schema: z.ZodType<T>,
  what: string,
): Promise<T | undefined> => {
  const text = await readSmallFile(path)
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ArtelError('corrupt', `${what} ${path} is no JSON`, {
      hint: 'Mend the file, or remove it to begin anew.',
      cause,
    })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ArtelError(
    'corrupt',
    `${what} ${path}: ${issue?.path.join('.') || 'file'}: ${issue?.message ?? 'invalid'}`,
    { hint: 'Mend the file, or remove it to begin anew.' },
  )
}

/** Writes the whole file or nothing: a temporary file, synced, then renamed over. */
export const writeFileAtomically = async (
  path: string,
  text: string,
  mode = 0o644,
): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}.tmp`
  const file = await open(draft, 'w', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await chmod(draft, mode)
  await rename(draft, path)
}

/** Writes `value` as `schema` spells it in JSON. */
export const writeJsonFile = <T>(
  path: string,
  schema: z.ZodType<T>,
  value: T,
  mode?: number,
): Promise<void> =>
  writeFileAtomically(path, `${JSON.stringify(schema.encode(value), null, 2)}\n`, mode)
