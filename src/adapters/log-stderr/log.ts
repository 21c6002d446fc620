import type { Log, LogFields, LogLevel } from '#ports/log'

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** One JSON object per line on standard error: time, level, message, fields. */
export const createStderrLog = (options: {
  readonly level: LogLevel
  readonly write?: (line: string) => void
}): Log => {
  const write = options.write ?? ((line: string) => void process.stderr.write(line))
  const make = (base: LogFields): Log => {
    const say =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}): void => {
        if (ranks[level] < ranks[options.level]) return
        const entry = { time: new Date().toISOString(), level, message, ...base, ...fields }
        write(
          `${JSON.stringify(entry, (_, value) => (typeof value === 'bigint' ? value.toString() : value))}\n`,
        )
      }
    return {
      debug: say('debug'),
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
      with: (fields) => make({ ...base, ...fields }),
    }
  }
  return make({})
}
