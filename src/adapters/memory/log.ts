import type { Log, LogFields, LogLevel } from '#ports/log'

export type LogLine = {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
}

/** The newest `linesMax` lines of a log. */
export type MemoryLog = Log & { readonly lines: () => readonly LogLine[] }

/** A log that is kept in memory and shown when something went wrong; `onLine` sees every line. */
export const createMemoryLog = (
  linesMax = 1000,
  onLine: (line: LogLine) => void = () => undefined,
): MemoryLog => {
  let kept: LogLine[] = []
  const keep = (line: LogLine): void => {
    kept.push(line)
    if (kept.length >= 2 * linesMax) kept = kept.slice(-linesMax)
    onLine(line)
  }
  const logWith = (base: LogFields): Log => {
    const at =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}): void =>
        keep({ level, message, fields: { ...base, ...fields } })
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => logWith({ ...base, ...fields }),
    }
  }
  return { ...logWith({}), lines: () => kept.slice(-linesMax) }
}
