import { ArtelError, type ErrorCode } from '#core/errors'

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not-found',
  ENOSPC: 'out-of-disk',
  EDQUOT: 'out-of-disk',
  // What was to be a directory or a new name is a link, a file or there already.
  ELOOP: 'bad-request',
  ENOTDIR: 'bad-request',
  EISDIR: 'bad-request',
  EEXIST: 'bad-request',
  ENOTEMPTY: 'conflict',
  ENAMETOOLONG: 'bad-request',
}

/** The system's name of an error, such as ENOENT; empty for anything else. */
export const errnoOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** A failed call to the file system as an ArtelError that names the place inside the volume. */
export const volumeFailure = (error: unknown, where: string): unknown => {
  if (error instanceof ArtelError || !(error instanceof Error)) return error
  const errno = errnoOf(error)
  if (errno === '') return error
  return new ArtelError(codes[errno] ?? 'internal', `volume ${where}: ${errno}`, { cause: error })
}

/** Runs `work`; its failures name `where`. */
export const guarded = async <T>(where: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw volumeFailure(error, where)
  }
}
