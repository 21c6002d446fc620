import type { Context } from '#cli/context'
import { err, out, printJsonLine } from '#cli/print'
import { bar, createProgress } from '#cli/terminal/progress'
import { formatSpan } from '#cli/text/duration'
import { formatPrice, formatTokens } from '#cli/text/money'
import { formatTable, plain, shortId } from '#cli/text/table'
import type { MapEvent, MapView } from '#sdk/types'

type MapHost = MapView['hosts'][number]

export type MapReport = {
  readonly event: (event: MapEvent) => Promise<void>
  readonly summary: (map: MapView) => Promise<void>
  readonly clear: () => void
}

const lineEveryMs = 10_000

/**
 * Tells how a map goes: a bar on a terminal, else a line when a tenth is done or ten seconds have passed; with
 * --json every event as a line.
 */
export const createMapReport = (context: Context): MapReport => {
  const progress = createProgress()
  let tenth = 0
  let lastMs = performance.now()
  const counts = { total: 0, done: 0, failed: 0, hosts: 0 }
  const showCounts = async (): Promise<void> => {
    const { total, done, failed, hosts } = counts
    const failures = failed === 0 ? '' : `, ${failed} failed`
    const text = `${done}/${total} tasks done${failures}`
    const where = hosts === 0 ? 'renting hosts' : `on ${hosts} host${hosts === 1 ? '' : 's'}`
    progress.show(`${bar(done, total)} ${text}, ${where}`)
    const now = performance.now()
    const reached = total === 0 ? 0 : Math.floor((done / total) * 10)
    if (process.stderr.isTTY === true || (reached <= tenth && now - lastMs < lineEveryMs)) return
    tenth = reached
    lastMs = now
    await err(`${text}\n`)
  }
  return {
    clear: progress.clear,
    event: async (event) => {
      if (context.json) {
        await printJsonLine(event)
        if (process.stderr.isTTY !== true) return
      }
      if ('notice' in event) {
        progress.clear()
        return await err(`artel: ${plain(event.notice)}\n`)
      }
      if ('map' in event) Object.assign(counts, pickCounts(event.map))
      else {
        const { status } = event.task
        if (status === 'done') counts.done = Math.min(counts.total, counts.done + 1)
        if (status === 'failed') {
          counts.failed += 1
          progress.clear()
          await err(failureText(event.task))
        }
      }
      await showCounts()
    },
    summary: async (map) => {
      progress.clear()
      if (!context.json) await out(await summaryText(context, map))
    },
  }
}

const pickCounts = ({ total, done, failed, hosts }: MapView) => ({
  total,
  done,
  failed,
  hosts: hosts.length,
})

type Failed = Extract<MapEvent, { readonly task: unknown }>['task']

const failureText = (task: Failed): string => {
  const where = task.host === undefined ? '' : ` on ${shortId(task.host.address, false)}`
  const code = task.exitCode === undefined ? '' : ` with exit code ${task.exitCode}`
  const why = task.message === undefined ? '' : `: ${plain(task.message)}`
  return `artel: task ${plain(task.name)} failed${where}${code} after ${task.tries} tries${why}\n`
}

const summaryText = async (context: Context, map: MapView): Promise<string> => {
  const token = await context.token()
  const span = formatSpan((map.finishedAtMs ?? Date.now()) - map.createdAtMs).toLowerCase()
  const cost = map.hosts.reduce((sum, host) => sum + BigInt(host.cost), 0n)
  const parts = [
    `${map.done} of ${map.total} tasks done in ${span}`,
    ...(map.failed === 0 ? [] : [`${map.failed} failed`]),
    ...(map.retried === 0 ? [] : [`${map.retried} started again`]),
    `cost ${formatTokens(cost.toString(), token)}`,
  ]
  const table = formatTable<MapHost>(
    [
      ['HOST', ({ host }) => shortId(host.address, false)],
      ['REGION', ({ host }) => host.region],
      ['TASKS', ({ tasks }) => String(tasks)],
      ['BUSY', ({ busyMs }) => `${(busyMs / 1000).toFixed(1)} s`],
      ['PRICE', ({ rate }) => formatPrice(rate, token)],
      ['COST', (host) => formatTokens(host.cost, token)],
    ],
    map.hosts,
  )
  return `${parts.join(', ')}\n${map.hosts.length === 0 ? '' : table}`
}
