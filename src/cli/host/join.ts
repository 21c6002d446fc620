import { defineCommand } from '#cli/command'
import { type Flag, type FlagValues, textFlag, valueFlag } from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import { parseWholeSeconds } from '#cli/text/duration'
import { wholeNumber } from '#cli/text/numbers'
import { parseAmount, parseHourlyPrice, type TokenInfo } from '#core/money'
import { parseBytes, parseCpus } from '#core/resources'
import type { HostJoin } from '#sdk/types'
import { showHost } from './show-host.ts'

const size = { read: parseBytes, expected: 'expected a size such as 8g' }
const span = { read: parseWholeSeconds, expected: 'expected a time such as 1h' }

const flags = {
  price: textFlag('TOKENS', 'Per processor and hour, such as 0.02; needed'),
  'price-base': textFlag('TOKENS', 'Per lease and hour, whatever it takes (default 0)'),
  'price-memory': textFlag('TOKENS', 'Per GiB of memory and hour (default a quarter of --price)'),
  'price-disk': textFlag('TOKENS', 'Per GiB of disk and hour (default a hundredth of --price)'),
  'price-gpu': textFlag('TOKENS', 'Per GPU and hour (default twenty times --price)'),
  cpus: valueFlag('NUMBER', 'Processors to give away (default: all but a reserve)', {
    read: parseCpus,
    expected: 'expected a number of processors such as 2.5',
  }),
  memory: valueFlag('BYTES', 'Memory to give away, such as 8g', { short: 'm', ...size }),
  disk: valueFlag('BYTES', 'Disk to give away, such as 50g', size),
  gpus: valueFlag('NUMBER', 'GPUs to give away', {
    read: wholeNumber(0, 64),
    expected: 'expected a number from 0 to 64',
  }),
  'max-leases': valueFlag('NUMBER', 'Leases at once (default 16)', {
    read: wholeNumber(1, 1000),
    expected: 'expected a number from 1 to 1000',
  }),
  region: textFlag('NAME', 'Where this machine is (default local)'),
  bond: textFlag('TOKENS', 'What is at stake in each lease'),
  'quit-fee': textFlag('TOKENS', 'What a tenant gets when you quit its lease early'),
  'min-time': valueFlag('TIME', 'Least time a lease pays for (default 1s)', span),
  'max-time': valueFlag('TIME', 'Longest lease (default 30d)', span),
} satisfies Record<string, Flag<unknown>>

export const command = defineCommand({
  usage: 'host join --price TOKENS [flags]',
  summary: 'Sell what this machine has; what runs on it and why: artel host status',
  examples: ['artel host join --price 0.02 --cpus 4 --memory 8g --max-leases 8'],
  flags,
  args: { min: 0, max: 0 },
  run: async (context, values) => {
    if (values.price === undefined) {
      throw new UsageError('flag --price is needed: tokens per processor and hour, such as 0.02')
    }
    const request = buildJoin(values, values.price, await context.token())
    return await showHost(context, await (await context.client()).host.join(request))
  },
})

const buildJoin = (values: FlagValues<typeof flags>, price: string, token: TokenInfo): HostJoin => {
  const perCpu = readPrice('price', price, token)
  const part = (name: keyof FlagValues<typeof flags>, usual: bigint): string => {
    const text = values[name]
    return (typeof text === 'string' ? readPrice(name, text, token) : usual).toString()
  }
  const { cpus, memory, disk, gpus, region } = values
  const bond = readTokens('bond', values.bond, token)
  const quitFee = readTokens('quit-fee', values['quit-fee'], token)
  const leasesMax = values['max-leases']
  const minimumSeconds = values['min-time']
  const leaseSecondsMax = values['max-time']
  return {
    price: {
      base: part('price-base', 0n),
      perCpu: perCpu.toString(),
      perMemoryGib: part('price-memory', perCpu / 4n),
      perDiskGib: part('price-disk', perCpu / 100n),
      perGpu: part('price-gpu', perCpu * 20n),
    },
    ...(cpus === undefined ? {} : { cpuMilli: cpus }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(disk === undefined ? {} : { diskBytes: disk }),
    ...(gpus === undefined ? {} : { gpus }),
    ...(leasesMax === undefined ? {} : { leasesMax }),
    ...(region === undefined ? {} : { region }),
    ...(bond === undefined ? {} : { bond }),
    ...(quitFee === undefined ? {} : { quitFee }),
    ...(minimumSeconds === undefined ? {} : { minimumSeconds }),
    ...(leaseSecondsMax === undefined ? {} : { leaseSecondsMax }),
  }
}

const readPrice = (name: string, text: string, token: TokenInfo): bigint => {
  const price = parseHourlyPrice(text, token.decimals)
  if (price !== undefined) return price
  throw new UsageError(
    `invalid argument "${text}" for "--${name}" flag: expected ${token.symbol} per hour such as 0.02`,
  )
}

const readTokens = (
  name: string,
  text: string | undefined,
  token: TokenInfo,
): string | undefined => {
  if (text === undefined) return undefined
  const amount = parseAmount(text, token.decimals)
  if (amount !== undefined) return amount.toString()
  throw new UsageError(
    `invalid argument "${text}" for "--${name}" flag: expected ${token.symbol} such as 0.5`,
  )
}
