import type { FlagTable } from './flag.ts'
import { spelled } from './parse-flags.ts'

export type Described = {
  /** After `artel`, as `run [flags] IMAGE [COMMAND] [ARG...]`. */
  readonly usage: string
  readonly summary: string
  readonly examples: readonly string[]
}

/** What `--help` prints. */
export const helpText = (described: Described, flags: FlagTable): string => {
  const rows = Object.entries(flags).map(([name, flag]) => {
    const left = flag.short === undefined ? `    --${name}` : spelled(name, flag)
    return [flag.placeholder === undefined ? left : `${left} ${flag.placeholder}`, flag.help]
  })
  const width = Math.min(34, Math.max(0, ...rows.map(([left = '']) => left.length)))
  const lines = rows.map(([left = '', help = '']) =>
    left.length > width
      ? `  ${left}\n  ${' '.repeat(width)}  ${help}`
      : `  ${left.padEnd(width)}  ${help}`,
  )
  const examples = described.examples.map((example) => `  ${example}`)
  return [
    `Usage:  artel ${described.usage}`,
    '',
    described.summary,
    '',
    'Flags:',
    ...lines,
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples,
    '',
  ].join('\n')
}
