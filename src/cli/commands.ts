import type { Command } from './command.ts'
import { UsageError } from './flags/usage-error.ts'

type Entry = { readonly summary: string; readonly load: () => Promise<{ command: Command }> }

const entry = (summary: string, load: Entry['load']): Entry => ({ summary, load })

/** Every command and where it is; loaded only when asked for. */
const commands: Readonly<Record<string, Entry>> = {
  run: entry('Run a container on another machine', () => import('./runs/run.ts')),
  map: entry('Run one command over many inputs on several hosts', () => import('./maps/map.ts')),
  ps: entry('List runs', () => import('./runs/ps.ts')),
  logs: entry('Print the output of a run', () => import('./runs/logs.ts')),
  attach: entry('Join a run: its output and input', () => import('./runs/attach.ts')),
  exec: entry('Start another program in a run', () => import('./runs/exec.ts')),
  cp: entry('Copy files between a run and this machine', () => import('./runs/cp.ts')),
  inspect: entry('Print all about runs as JSON', () => import('./runs/inspect.ts')),
  stats: entry('Show what runs use', () => import('./runs/stats.ts')),
  wait: entry('Wait for runs to end and print their exit codes', () => import('./runs/wait.ts')),
  stop: entry('Ask runs to end, kill them after a grace', () => import('./runs/stop.ts')),
  kill: entry('Send a signal to runs', () => import('./runs/kill.ts')),
  rm: entry('Forget ended runs', () => import('./runs/rm.ts')),
  market: entry('List what hosts offer', () => import('./market/list.ts')),
  leases: entry('List leases', () => import('./leases/list.ts')),
  wallet: entry('Show the account and its money', () => import('./wallet/show.ts')),
  'wallet show': entry('Show the account and its money', () => import('./wallet/show.ts')),
  'wallet history': entry('List what changed the balance', () => import('./wallet/history.ts')),
  'wallet deposit': entry('Move tokens into the vault', () => import('./wallet/deposit.ts')),
  'wallet withdraw': entry('Move tokens out of the vault', () => import('./wallet/withdraw.ts')),
  'wallet export': entry('Print the key, encrypted', () => import('./wallet/export.ts')),
  'wallet import': entry('Take a key from a file', () => import('./wallet/import.ts')),
  'host status': entry('Show what runs on this machine and why', () => import('./host/status.ts')),
  'host earnings': entry('List what leases earned', () => import('./host/earnings.ts')),
  'host join': entry('Sell what this machine has', () => import('./host/join.ts')),
  'host pause': entry('Take no new leases', () => import('./host/pause.ts')),
  'host resume': entry('Take new leases again', () => import('./host/resume.ts')),
  'host leave': entry('End selling', () => import('./host/leave.ts')),
  up: entry('Start the daemon', () => import('./node/up.ts')),
  down: entry('Stop the daemon', () => import('./node/down.ts')),
  status: entry('Say whether all is well', () => import('./node/status.ts')),
  'local up': entry('Start a whole cloud on this machine', () => import('./local/up.ts')),
  'local down': entry('Stop that cloud', () => import('./local/down.ts')),
  'local status': entry('Say how that cloud is', () => import('./local/status.ts')),
  'chain deploy': entry('Put the contracts on a chain', () => import('./chain/deploy.ts')),
}

export const commandNames: readonly string[] = Object.keys(commands)

/** The command of that name. Throws UsageError for an unknown one. */
export const loadCommand = async (name: string): Promise<Command> => {
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (found === undefined) throw new UsageError(`'${name}' is not an artel command.`)
  return (await found.load()).command
}

export type Found =
  | { readonly kind: 'text'; readonly words: string; readonly text: string }
  | {
      readonly kind: 'command'
      readonly words: string
      readonly argv: readonly string[]
      readonly load: () => Promise<Command>
    }

/** Flags that may stand before the command; they are handed on to it. */
const early = new Map([
  ['--json', 0],
  ['--home', 1],
])

/** The command that a command line names, or the text that it asks for. Throws UsageError. */
export const findCommand = (argv: readonly string[]): Found => {
  const flags: string[] = []
  let at = 0
  for (; at < argv.length; at += 1) {
    const word = argv[at] ?? ''
    const values = early.get(word) ?? (word.startsWith('--home=') ? 0 : undefined)
    if (values === undefined) break
    flags.push(...argv.slice(at, at + 1 + values))
    at += values
  }
  const rest = argv.slice(at)
  const [first, second] = rest
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const asked = first === 'help' ? rest.slice(1) : []
    if (asked.length > 0) return findCommand([...asked.slice(0, 2), '--help'])
    return { kind: 'text', words: 'artel', text: overview('') }
  }
  if (first === '--version' || first === '-v') {
    return { kind: 'text', words: 'artel', text: `artel ${version}\n` }
  }
  if (first.startsWith('-')) throw new UsageError(`unknown flag: ${first}`)
  return named(first, second, rest, flags)
}

/** The version of package.json; a test holds them together. */
export const version = '0.1.0'

const named = (
  first: string,
  second: string | undefined,
  rest: readonly string[],
  flags: readonly string[],
): Found => {
  const pair = `${first} ${second ?? ''}`
  const words = Object.hasOwn(commands, pair) ? pair : first
  if (Object.hasOwn(commands, words)) {
    const own = rest.slice(words.split(' ').length)
    const load = () => loadCommand(words)
    return { kind: 'command', words: `artel ${words}`, argv: [...flags, ...own], load }
  }
  const isGroup = Object.keys(commands).some((name) => name.startsWith(`${first} `))
  if (!isGroup) throw new UsageError(`'${first}' is not an artel command.`)
  if (second === undefined || second === '--help' || second === '-h') {
    return { kind: 'text', words: `artel ${first}`, text: overview(`${first} `) }
  }
  throw new UsageError(`'${second}' is not an 'artel ${first}' command.`)
}

const overview = (group: string): string => {
  const rows = Object.entries(commands).filter(([name]) => name.startsWith(group))
  const lines = rows.map(([name, { summary }]) => `  ${name.padEnd(16)}  ${summary}`)
  return [
    `Usage:  artel ${group}COMMAND`,
    '',
    "A cloud made of other people's computers, for ordinary workloads",
    '',
    'Commands:',
    ...lines,
    '',
    'Example:',
    '  artel run debian:bookworm-slim echo hello',
    '',
    `Run 'artel ${group}COMMAND --help' for more about a command.`,
    '',
  ].join('\n')
}
