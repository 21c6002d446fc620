import {
  choiceFlag,
  type Flag,
  type FlagValues,
  textFlag,
  textsFlag,
  valueFlag,
} from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import { parseEnvFile, resolveEnv } from '#cli/text/env-file'
import { wholeNumber } from '#cli/text/numbers'
import type { TokenInfo } from '#core/money'
import { parseHourlyPrice } from '#core/money'
import { parseBytes, parseCpus } from '#core/resources'
import type { RunCreate } from '#sdk/types'

const size = { read: parseBytes, expected: 'expected a size such as 256m or 2g' }
const count = wholeNumber(0, 64)

/** Flags that `run` and `map` share: what a container gets, where and for how much. */
export const workloadFlags = {
  cpus: valueFlag('NUMBER', 'Processors, such as 0.5', {
    read: parseCpus,
    expected: 'expected a number of processors such as 0.5',
  }),
  memory: valueFlag('BYTES', 'Memory limit, such as 256m', { short: 'm', ...size }),
  disk: valueFlag('BYTES', 'Writable disk, such as 2g', size),
  gpus: valueFlag('NUMBER|all', 'GPUs', {
    read: (text): number | 'all' | undefined => (text === 'all' ? text : count(text)),
    expected: 'expected a number or all',
  }),
  env: textsFlag('NAME[=VALUE]', 'Set an environment variable, or hand on your own', {
    short: 'e',
  }),
  'env-file': textsFlag('FILE', 'Read environment variables from a file'),
  workdir: textFlag('DIR', 'Working directory in the container', { short: 'w' }),
  user: textFlag('NAME|UID[:GID]', 'User to run as', { short: 'u' }),
  entrypoint: textFlag('COMMAND', "Instead of the image's entrypoint"),
  network: choiceFlag(['egress', 'none'], 'What the container may reach'),
  isolation: choiceFlag(['container', 'gvisor'], 'How it is shut in'),
  'max-price': textFlag('TOKENS', 'The most to pay per hour, such as 0.05'),
  region: textsFlag('NAME', 'Only hosts of this region; may be repeated'),
  host: textsFlag('ADDRESS|PEER', 'Only this host; may be repeated'),
} satisfies Record<string, Flag<unknown>>

type WorkloadValues = FlagValues<typeof workloadFlags>
type Workload = Omit<RunCreate, 'image' | 'command'>

/** What the flags ask for, as the API takes it. `token` is asked for only when a price was given. */
export const readWorkload = async (
  flags: WorkloadValues,
  token: () => Promise<TokenInfo>,
): Promise<Workload> => {
  const env = await readEnv(flags)
  const rateMax = await readPrice(flags['max-price'], token)
  return {
    ...readSettings(flags),
    env: [...env],
    resources: readResources(flags),
    wishes: {
      regions: [...flags.region],
      hosts: [...flags.host],
      ...(rateMax === undefined ? {} : { rateMax }),
    },
  }
}

const readResources = ({ cpus, memory, disk, gpus }: WorkloadValues) => ({
  ...(cpus === undefined ? {} : { cpuMilli: cpus }),
  ...(memory === undefined ? {} : { memoryBytes: checkMemory(memory) }),
  ...(disk === undefined ? {} : { diskBytes: disk }),
  ...(gpus === undefined ? {} : { gpus }),
})

const memoryMinBytes = 6 * 1024 * 1024

const checkMemory = (bytes: number): number => {
  if (bytes >= memoryMinBytes) return bytes
  throw new UsageError('minimum memory limit allowed is 6MB')
}

const readSettings = (flags: WorkloadValues) => {
  const { workdir, user, entrypoint, network, isolation } = flags
  if (workdir !== undefined && !workdir.startsWith('/')) {
    throw new UsageError(
      `the working directory '${workdir}' is invalid, it needs to be an absolute path`,
    )
  }
  return {
    ...(workdir === undefined ? {} : { workdir }),
    ...(user === undefined ? {} : { user }),
    ...(entrypoint === undefined ? {} : { entrypoint: entrypoint === '' ? [] : [entrypoint] }),
    ...(network === undefined ? {} : { network }),
    ...(isolation === undefined ? {} : { isolation }),
  }
}

const readEnv = async (flags: WorkloadValues): Promise<readonly string[]> => {
  const env: string[] = []
  for (const file of flags['env-file']) {
    const { readFile } = await import('node:fs/promises')
    const content = await readFile(file, 'utf8').catch((error: Error) => {
      throw new UsageError(`cannot read env file: ${error.message}`)
    })
    env.push(...parseEnvFile(content, file, process.env))
  }
  for (const text of flags.env) {
    const resolved = resolveEnv(text, process.env)
    if (resolved !== undefined) env.push(resolved)
  }
  return env
}

const readPrice = async (
  text: string | undefined,
  token: () => Promise<TokenInfo>,
): Promise<string | undefined> => {
  if (text === undefined) return undefined
  if (!/^\d{1,30}(\.\d{1,30})?$/.test(text)) {
    throw new UsageError(
      `invalid argument "${text}" for "--max-price" flag: expected tokens per hour such as 0.05`,
    )
  }
  const price = parseHourlyPrice(text, (await token()).decimals)
  if (price !== undefined) return price.toString()
  throw new UsageError(`invalid argument "${text}" for "--max-price" flag: too many decimals`)
}
