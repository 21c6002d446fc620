import type { Context } from './context.ts'
import { type Flag, type FlagTable, type FlagValues, switchFlag, textFlag } from './flags/flag.ts'
import { type Described, helpText } from './flags/help.ts'
import { parseFlags } from './flags/parse-flags.ts'
import { UsageError } from './flags/usage-error.ts'

type Spec<F extends FlagTable> = Described & {
  readonly flags: F
  readonly args: { readonly min: number; readonly max?: number }
  readonly stopAtFirst?: boolean
  /** Exit code of a command line that is wrong (default 2) and of any other failure (default 1). */
  readonly exitCodes?: { readonly usage: number; readonly failure: number }
  readonly run: (context: Context, flags: FlagValues<F>, args: readonly string[]) => Promise<number>
}

/** A command, its flags' types closed over. */
export type Command = Described & {
  readonly exitCodes: { readonly usage: number; readonly failure: number }
  readonly read: (argv: readonly string[]) => Invocation
}

/** A command line that was understood. */
export type Invocation = {
  readonly globals: FlagValues<typeof globalFlags>
  readonly help: string
  readonly run: (context: Context) => Promise<number>
}

const globalFlags = {
  json: switchFlag('Print JSON: one document, or a line per event when following'),
  home: textFlag('DIR', 'Folder of the node to talk to (default $ARTEL_HOME or ~/.artel)'),
  help: switchFlag('Print this help'),
} satisfies Record<string, Flag<unknown>>

export const defineCommand = <F extends FlagTable>(spec: Spec<F>): Command => ({
  ...spec,
  exitCodes: spec.exitCodes ?? { usage: 2, failure: 1 },
  read: (argv) => {
    const table = { ...spec.flags, ...globalFlags }
    const help = helpText(spec, table)
    const { stopAtFirst = false } = spec
    const { flags, args } = parseFlags(table, argv, { stopAtFirst })
    if (!flags.help) checkCount(spec, args)
    return { globals: flags, help, run: (context) => spec.run(context, flags, args) }
  },
})

const checkCount = (
  { usage, args }: Pick<Spec<FlagTable>, 'usage' | 'args'>,
  given: readonly string[],
): void => {
  const name = `"artel ${usage.split(/ (?=[[A-Z-])/)[0]}"`
  const { min, max } = args
  const count = (n: number) => `${n === 0 ? 'no' : n} argument${n === 1 ? '' : 's'}`
  if (min === max && given.length !== min) {
    throw new UsageError(`${name} requires ${min === 0 ? '' : 'exactly '}${count(min)}`)
  }
  if (given.length < min) throw new UsageError(`${name} requires at least ${count(min)}`)
  if (max !== undefined && given.length > max) {
    throw new UsageError(`${name} accepts at most ${count(max)}`)
  }
}
