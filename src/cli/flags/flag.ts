import { UsageError } from './usage-error.ts'

/** One flag of a command: what it is called, what it means, and how its texts become a value. */
export type Flag<T> = {
  readonly short?: string
  /** How help writes its value; absent for a switch. */
  readonly placeholder?: string
  readonly help: string
  /** All texts that were given, in order; empty when the flag was not. `name` is for messages. */
  readonly collect: (texts: readonly string[], name: string) => T
}

export type FlagTable = Readonly<Record<string, Flag<unknown>>>
export type FlagValues<F extends FlagTable> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never
}

/** Reads one text; undefined means that it is not valid. */
type Read<T> = (text: string) => T | undefined

const withShort = (short: string | undefined) => (short === undefined ? {} : { short })

export const switchFlag = (help: string, short?: string, usually = false): Flag<boolean> => ({
  ...withShort(short),
  help: usually ? `${help} (default true)` : help,
  collect: (texts, name) => {
    const last = texts.at(-1)
    if (last === undefined) return usually
    if (['true', '1', 't', 'T', 'TRUE', 'True'].includes(last)) return true
    if (['false', '0', 'f', 'F', 'FALSE', 'False'].includes(last)) return false
    throw invalid(last, name, 'expected true or false')
  },
})

type Reading<T> = { readonly read: Read<T>; readonly expected: string }
type Short = { readonly short?: string }

/** A flag with one text; the last one given counts. */
export const textFlag = (
  placeholder: string,
  help: string,
  options: Short = {},
): Flag<string | undefined> =>
  valueFlag(placeholder, help, { ...options, read: (text) => text, expected: 'expected text' })

/** A flag with one value that is read from text; the last one given counts. */
export const valueFlag = <T>(
  placeholder: string,
  help: string,
  options: Short & Reading<T>,
): Flag<T | undefined> => ({
  ...withShort(options.short),
  placeholder,
  help,
  collect: (texts, name) => {
    const last = texts.at(-1)
    return last === undefined ? undefined : readOne(last, name, options)
  },
})

/** A flag that may be repeated; all texts count, in order. */
export const textsFlag = (
  placeholder: string,
  help: string,
  options: Short = {},
): Flag<readonly string[]> =>
  valuesFlag(placeholder, help, { ...options, read: (text) => text, expected: 'expected text' })

/** A flag that may be repeated, its values read from text. */
export const valuesFlag = <T>(
  placeholder: string,
  help: string,
  options: Short & Reading<T>,
): Flag<readonly T[]> => ({
  ...withShort(options.short),
  placeholder,
  help,
  collect: (texts, name) => texts.map((text) => readOne(text, name, options)),
})

/** A flag whose value is one of some words. */
export const choiceFlag = <const T extends string>(
  choices: readonly T[],
  help: string,
): Flag<T | undefined> =>
  valueFlag(choices.join('|'), help, {
    read: (text) => choices.find((choice) => choice === text),
    expected: `expected ${choices.join(' or ')}`,
  })

const readOne = <T>(text: string, name: string, { read, expected }: Reading<T>): T => {
  const value = read(text)
  if (value === undefined) throw invalid(text, name, expected)
  return value
}

const invalid = (text: string, name: string, why: string): UsageError =>
  new UsageError(`invalid argument "${text}" for "${name}" flag: ${why}`)
