import { parseArgs } from 'node:util'
import { ArtelError } from '#core/errors'
import type { FaultLevel } from './faults.ts'
import { isPlant, type Plant, plantNames } from './plants/plants.ts'

/** One world: everything that happens in it follows from these. */
export type WorldOptions = {
  readonly seed: number
  readonly hosts: number
  readonly tenants: number
  /** How long tenants ask for work and faults happen, virtual hours. */
  readonly hours: number
  readonly faults: FaultLevel
  /** A bug that is switched on, to see it found. */
  readonly plant?: Plant
}

export type SimulationOptions = WorldOptions & {
  /** How many seeds, from `seed` on. */
  readonly seeds: number
  /** Goes on with further seeds for so long, real seconds. */
  readonly forSeconds?: number
  /** Runs every seed a second time and compares the traces. */
  readonly twice: boolean
  readonly json: boolean
  /** Prints what nodes log. */
  readonly log: boolean
}

export const usage = `npm run simulate -- [options]: a network of hosts and tenants from one seed, in virtual time

  --seed N           the first seed (1)
  --seeds K          how many seeds (1)
  --for-seconds S    goes on with further seeds for S seconds
  --hosts N          hosts in each world (5)
  --tenants N        tenants in each world (2)
  --hours H          virtual hours of work and faults (1)
  --faults LEVEL     none, some or many (some)
  --once             does not run each seed a second time to compare the traces
  --log              prints what the nodes log, with virtual times
  --json             one line of JSON per seed
  --plant BUG        switches on a bug, to see it found: ${plantNames.join(', ')}`

const levels: readonly FaultLevel[] = ['none', 'some', 'many']

const number = (name: string, text: string, min: number, max: number, whole = true): number => {
  const value = Number(text)
  const fits = Number.isFinite(value) && value >= min && value <= max
  if (!fits || (whole && !Number.isInteger(value))) {
    throw new ArtelError('bad-request', `--${name} is ${text}, expected ${min} to ${max}`)
  }
  return value
}

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: '1' },
        seeds: { type: 'string', default: '1' },
        'for-seconds': { type: 'string' },
        hosts: { type: 'string', default: '5' },
        tenants: { type: 'string', default: '2' },
        hours: { type: 'string', default: '1' },
        faults: { type: 'string', default: 'some' },
        plant: { type: 'string' },
        once: { type: 'boolean', default: false },
        log: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }).values
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ArtelError('bad-request', message, { cause, hint: usage })
  }
}

const plantOf = (name: string | undefined): { readonly plant?: Plant } => {
  if (name === undefined) return {}
  if (isPlant(name)) return { plant: name }
  throw new ArtelError('bad-request', `no bug '${name}'`, {
    hint: `one of ${plantNames.join(', ')}`,
  })
}

/** What a command line asks for. Throws 'bad-request' with the usage as hint. */
export const parseOptions = (args: readonly string[]): SimulationOptions => {
  const values = parse(args)
  const faults = levels.find((level) => level === values.faults)
  if (faults === undefined) {
    throw new ArtelError('bad-request', `--faults is ${values.faults}`, { hint: levels.join(', ') })
  }
  const forSeconds = values['for-seconds']
  return {
    seed: number('seed', values.seed, 0, 2 ** 48),
    seeds: number('seeds', values.seeds, 1, 1_000_000),
    ...(forSeconds === undefined
      ? {}
      : { forSeconds: number('for-seconds', forSeconds, 1, 1_000_000) }),
    hosts: number('hosts', values.hosts, 1, 10_000),
    tenants: number('tenants', values.tenants, 1, 10_000),
    hours: number('hours', values.hours, 0.05, 24 * 366, false),
    faults,
    ...plantOf(values.plant),
    twice: !values.once,
    log: values.log,
    json: values.json,
  }
}

/** The command that shows the same world again. */
export const replayCommand = (options: WorldOptions): string =>
  [
    'npm run simulate --',
    `--seed ${options.seed} --hosts ${options.hosts} --tenants ${options.tenants}`,
    `--hours ${options.hours} --faults ${options.faults}`,
    ...(options.plant === undefined ? [] : [`--plant ${options.plant}`]),
  ].join(' ')
