import { createMemoryLog, type LogLine } from '#adapters/memory/log'
import { startMs, type World } from './build-world.ts'

const linesKept = 12

const lineOf = ({ level, message, fields }: LogLine, elapsedMs: number): string => {
  const { node = '', ...rest } = fields
  const details = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`)
  const seconds = (elapsedMs / 1000).toFixed(3).padStart(11)
  return [seconds, level.padEnd(5), String(node).padEnd(9), message, ...details].join(' ')
}

/** Keeps the newest lines of all nodes' logs. */
export const createLogging = (
  elapsedMs: () => number,
  onLine: ((line: string) => void) | undefined,
) => {
  let lines: string[] = []
  const log = createMemoryLog(1, (line) => {
    const text = lineOf(line, elapsedMs())
    onLine?.(text)
    if (line.level === 'debug') return
    lines.push(text)
    if (lines.length > 2 * linesKept) lines = lines.slice(-linesKept)
  })
  return { log, lines: () => lines.slice(-linesKept) }
}

const storiesMax = 4

/** What befell the runs that are in question: those that go on or were moved, newest first. */
export const runStories = ({ tenants }: World): readonly string[] =>
  tenants.flatMap(({ site }) => {
    const runs = site.body()?.runs
    const open = (runs?.list() ?? []).filter(
      ({ status, epoch }) => status !== 'exited' || epoch > 1,
    )
    return open
      .slice(-storiesMax)
      .flatMap(({ id, name }) => [
        `${site.name} ${name}:`,
        ...(runs?.inspect(id).events ?? []).map(
          ({ atMs, kind, message }) =>
            `  ${((atMs - startMs) / 1000).toFixed(3)} ${kind}: ${message}`,
        ),
      ])
  })
