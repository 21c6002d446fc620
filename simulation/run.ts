import { ArtelError, toArtelError } from '#core/errors'
import { parseOptions, type SimulationOptions, usage, type WorldOptions } from './options.ts'
import { failureText, jsonLine, type Measured, tableHead, tableRow, totals } from './report.ts'
import { divergence } from './trace.ts'
import { runWorld } from './world.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const isTerminal = process.stderr.isTTY === true

/** A line that is overwritten by the next one; nothing where nobody watches. */
const showProgress = (text: string): void => {
  if (isTerminal) process.stderr.write(`\r\u001b[K${text}`)
}

const measure = async (options: WorldOptions, log: boolean): Promise<Measured> => {
  const cpu = process.cpuUsage()
  const began = performance.now()
  const result = await runWorld(options, {
    onProgress: (share, what) =>
      showProgress(`seed ${options.seed}: ${Math.floor(share * 100)} %, ${what}`),
    ...(log ? { onLog: say } : {}),
    onUnhandled: (report) => {
      process.on('unhandledRejection', report)
      return () => void process.off('unhandledRejection', report)
    },
  })
  showProgress('')
  const { user, system } = process.cpuUsage(cpu)
  return {
    result,
    cpuSeconds: (user + system) / 1e6,
    wallSeconds: (performance.now() - began) / 1000,
  }
}

/** The world as a violation when running it again gives another history. */
const again = async (first: Measured, options: WorldOptions): Promise<Measured> => {
  const { result } = await measure(options, false)
  const finding = divergence(first.result.trace, result.trace)
  if (finding === undefined) return first
  const violation = { checker: 'same-trace', finding, atMs: 0 }
  return { ...first, result: { ...first.result, violation } }
}

const runSeed = async (options: SimulationOptions, seed: number): Promise<Measured> => {
  const { hosts, tenants, hours, faults, plant } = options
  const world: WorldOptions = {
    seed,
    hosts,
    tenants,
    hours,
    faults,
    ...(plant === undefined ? {} : { plant }),
  }
  const first = await measure(world, options.log)
  const repeats = options.twice && first.result.violation === undefined
  return repeats ? again(first, world) : first
}

const runAll = async (options: SimulationOptions): Promise<number> => {
  const done: Measured[] = []
  const endsAtMs = performance.now() + (options.forSeconds ?? 0) * 1000
  if (!options.json) say(tableHead())
  for (let index = 0; index < options.seeds || performance.now() < endsAtMs; index += 1) {
    const measured = await runSeed(options, options.seed + index)
    done.push(measured)
    say(options.json ? jsonLine(measured) : tableRow(measured))
    if (measured.result.violation !== undefined) {
      if (!options.json) say(failureText(measured.result))
      return 1
    }
  }
  if (!options.json) say(totals(done))
  return 0
}

const main = async (args: readonly string[]): Promise<number> => {
  if (args.includes('--help')) {
    say(usage)
    return 0
  }
  return runAll(parseOptions(args))
}

// Thousands of expected errors an hour are made for nothing but their code.
Error.stackTraceLimit = 4

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const { message, hint, code } = toArtelError(error)
  process.stderr.write(`${message}\n${hint === undefined ? '' : `${hint}\n`}`)
  if (!(error instanceof ArtelError) || code === 'internal') throw error
  process.exitCode = 2
}
