/** Writes to standard output; resolves when there is room for more. */
export const out = (data: string | Uint8Array): Promise<void> => write(process.stdout, data)

/** Writes to standard error. */
export const err = (data: string | Uint8Array): Promise<void> => write(process.stderr, data)

export const printJson = (value: unknown): Promise<void> =>
  out(`${JSON.stringify(value, undefined, 2)}\n`)

export const printJsonLine = (value: unknown): Promise<void> => out(`${JSON.stringify(value)}\n`)

const write = (stream: NodeJS.WriteStream, data: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(data, (error) => (error ? reject(error) : resolve()))
  })

/** Whether an error says that nobody reads our output any more, as in `artel logs web | head`. */
export const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE'
