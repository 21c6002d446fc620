import type { Flag, FlagTable, FlagValues } from './flag.ts'
import { UsageError } from './usage-error.ts'

export type Parsed<F extends FlagTable> = {
  readonly flags: FlagValues<F>
  readonly args: readonly string[]
}

type Options = {
  /** The first argument ends the flags: what follows belongs to the program in the container. */
  readonly stopAtFirst?: boolean
}

/**
 * Reads a command line as docker does: `--name value`, `--name=value`, `-n value`, `-nvalue`, switches bundled
 * as in `-it`, `--` before arguments that look like flags. Throws UsageError in docker's words.
 */
export const parseFlags = <F extends FlagTable>(
  table: F,
  argv: readonly string[],
  options: Options = {},
): Parsed<F> => {
  const given = new Map<string, string[]>()
  const args: string[] = []
  const add = (name: string, text: string) => {
    const texts = given.get(name) ?? []
    given.set(name, texts)
    texts.push(text)
  }
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? ''
    if (word === '--') {
      args.push(...argv.slice(at + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      args.push(word)
      if (options.stopAtFirst !== true) continue
      args.push(...argv.slice(at + 1))
      break
    }
    const next = argv[at + 1]
    const usedNext = word.startsWith('--')
      ? readLong(table, word, next, add)
      : readShorts(table, word, next, add)
    if (usedNext) at += 1
  }
  const values = Object.entries(table).map(([name, flag]) => [
    name,
    flag.collect(given.get(name) ?? [], spelled(name, flag)),
  ])
  const flags: FlagValues<F> = Object.fromEntries(values)
  return { flags, args }
}

/** `-m, --memory`, as docker names a flag in messages and help. */
export const spelled = (name: string, flag: Flag<unknown>): string =>
  flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`

type Add = (name: string, text: string) => void

const readLong = (table: FlagTable, word: string, next: string | undefined, add: Add): boolean => {
  const equals = word.indexOf('=')
  const name = word.slice(2, equals === -1 ? undefined : equals)
  const flag = Object.hasOwn(table, name) ? table[name] : undefined
  if (flag === undefined) throw new UsageError(`unknown flag: --${name}`)
  if (equals !== -1) add(name, word.slice(equals + 1))
  else if (flag.placeholder === undefined) add(name, 'true')
  else if (next === undefined) throw new UsageError(`flag needs an argument: --${name}`)
  else {
    add(name, next)
    return true
  }
  return false
}

const readShorts = (
  table: FlagTable,
  word: string,
  next: string | undefined,
  add: Add,
): boolean => {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? ''
    const found = Object.entries(table).find(([, flag]) => flag.short === letter)
    if (found === undefined) throw new UsageError(`unknown shorthand flag: '${letter}' in ${word}`)
    const [name, flag] = found
    const rest = word.slice(at + 1)
    if (flag.placeholder === undefined && !rest.startsWith('=')) {
      add(name, 'true')
      continue
    }
    if (rest !== '') {
      add(name, rest.startsWith('=') ? rest.slice(1) : rest)
      return false
    }
    if (next === undefined) {
      throw new UsageError(`flag needs an argument: '${letter}' in ${word}`)
    }
    add(name, next)
    return true
  }
  return false
}
