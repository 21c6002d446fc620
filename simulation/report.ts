import { replayCommand } from './options.ts'
import type { WorldResult } from './result.ts'

/** A world and what it cost to run it. */
export type Measured = {
  readonly result: WorldResult
  readonly cpuSeconds: number
  readonly wallSeconds: number
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0)

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

/** Processor seconds for one host in one virtual hour. */
export const cpuPerHostHour = ({ result, cpuSeconds }: Measured): number =>
  cpuSeconds / (result.options.hosts * Math.max(result.stats.virtualHours, 1e-9))

const columns: readonly {
  readonly title: string
  readonly width: number
  readonly of: (measured: Measured) => string
}[] = [
  { title: 'seed', width: 8, of: ({ result }) => String(result.options.seed) },
  { title: 'hours', width: 7, of: ({ result }) => result.stats.virtualHours.toFixed(1) },
  { title: 'blocks', width: 8, of: ({ result }) => String(result.stats.blocks) },
  {
    title: 'leases',
    width: 10,
    of: ({ result: { stats } }) => `${stats.leasesSettled}/${stats.leasesOpened}`,
  },
  { title: 'runs', width: 6, of: ({ result }) => String(result.stats.runs) },
  { title: 'moved', width: 7, of: ({ result }) => String(result.stats.runsMoved) },
  { title: 'maps', width: 6, of: ({ result }) => String(result.stats.maps) },
  { title: 'faults', width: 8, of: ({ result }) => String(sum(result.stats.faults)) },
  { title: 'cpu s', width: 8, of: ({ cpuSeconds }) => cpuSeconds.toFixed(1) },
  { title: 'ms/host-h', width: 11, of: (one) => (cpuPerHostHour(one) * 1000).toFixed(0) },
  { title: 'trace', width: 14, of: ({ result }) => result.trace.hash().slice(0, 12) },
]

const line = (cells: (column: (typeof columns)[number]) => string): string =>
  columns.map((column) => cells(column).padStart(column.width)).join('')

export const tableHead = (): string => line(({ title }) => title)
export const tableRow = (measured: Measured): string => line(({ of }) => of(measured))

/** How runs ended and what went wrong, over all worlds. */
export const totals = (all: readonly Measured[]): string => {
  const add = (pick: (measured: Measured) => Readonly<Record<string, number>>) => {
    const counts: Record<string, number> = {}
    for (const measured of all) {
      for (const [name, count] of Object.entries(pick(measured))) {
        counts[name] = (counts[name] ?? 0) + count
      }
    }
    return counts
  }
  return [
    `exits:  ${listed(add(({ result }) => result.stats.exits))}`,
    `faults: ${listed(add(({ result }) => result.stats.faults)) || 'none'}`,
  ].join('\n')
}

const clockText = (ms: number): string => {
  const total = Math.floor(ms / 1000)
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

/** What broke, where, and how to see it again. */
export const failureText = ({ options, violation, log }: WorldResult): string =>
  violation === undefined
    ? ''
    : [
        `FAILED at ${clockText(violation.atMs)} of seed ${options.seed}: ${violation.checker}`,
        `  ${violation.finding}`,
        ...(log.length === 0
          ? []
          : ['  the last that nodes said:', ...log.map((one) => `    ${one}`)]),
        '  again:',
        `    ${replayCommand(options)}`,
      ].join('\n')

/** One line for programs. */
export const jsonLine = (measured: Measured): string => {
  const { options, violation, trace, stats } = measured.result
  return JSON.stringify({
    options,
    passed: violation === undefined,
    ...(violation === undefined ? {} : { violation, again: replayCommand(options) }),
    trace: { hash: trace.hash(), entries: trace.count() },
    stats,
    cpuSeconds: measured.cpuSeconds,
    wallSeconds: measured.wallSeconds,
    cpuSecondsPerHostHour: cpuPerHostHour(measured),
  })
}
