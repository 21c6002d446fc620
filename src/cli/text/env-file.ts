import { UsageError } from '#cli/flags/usage-error'

type Environment = Readonly<Record<string, string | undefined>>

/** `NAME=value` as it is; `NAME` takes its value from `environment` and is left out where that has none. */
export const resolveEnv = (text: string, environment: Environment): string | undefined => {
  const equals = text.indexOf('=')
  if (equals === 0 || text === '') {
    throw new UsageError(`invalid environment variable: ${text === '' ? '""' : text}`)
  }
  if (text.includes('\0')) throw new UsageError('an environment variable may not contain NUL')
  if (equals > 0) return text
  const value = environment[text]
  return value === undefined ? undefined : `${text}=${value}`
}

/** The variables of an env file in docker's format: one a line, `#` comments, values as they stand. */
export const parseEnvFile = (
  content: string,
  file: string,
  environment: Environment,
): readonly string[] =>
  content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const name = line.split('=', 1)[0] ?? ''
      if (name === '') throw new UsageError(`${file}: no variable name on line '${line}'`)
      if (/\s/.test(name)) throw new UsageError(`${file}: variable '${name}' contains whitespaces`)
      const resolved = resolveEnv(line, environment)
      return resolved === undefined ? [] : [resolved]
    })
