/** Which host and which of its warm containers; two workers of one host have the same `host`. */
export type MapWorker = { readonly id: string; readonly host: string }

export type TaskStatus = 'waiting' | 'running' | 'done' | 'failed'

export type MapScheduleOptions = {
  readonly tasks: number
  /** How often a task may end badly before it counts as failed. */
  readonly triesMax: number
}

/** What became of a report: whether it counted, and which other attempts are needless now. */
export type Verdict = {
  readonly counted: boolean
  readonly status: TaskStatus
  /** Ids of workers that still run the task and may stop. */
  readonly needless: readonly string[]
}

/**
 * Decides which worker runs which task: in order, retries on other hosts, stragglers started twice near the
 * end, first result wins. Deterministic: the same calls give the same answers; times come with the calls.
 */
export type MapSchedule = {
  /** A task for an idle worker, or undefined when there is none for it now. */
  readonly next: (worker: MapWorker, nowMs: number) => number | undefined
  readonly done: (task: number, worker: MapWorker, nowMs: number) => Verdict
  /** The program ended badly: counts as a try. */
  readonly failed: (task: number, worker: MapWorker) => Verdict
  /** The host or the stream failed, not the program: the task goes back to the front. */
  readonly returned: (task: number, worker: MapWorker) => Verdict
  readonly statusOf: (task: number) => TaskStatus
  readonly triesOf: (task: number) => number
  readonly counts: () => Readonly<Record<TaskStatus, number>> & { readonly retried: number }
  readonly isOver: () => boolean
}

type Task = {
  status: TaskStatus
  tries: number
  /** Workers that run it now, by id. */
  readonly attempts: Map<string, { readonly worker: MapWorker; readonly sinceMs: number }>
  /** Hosts where it ended badly. */
  readonly badHosts: Set<string>
}

type Board = {
  readonly tasks: readonly Task[]
  readonly counts: Record<TaskStatus, number> & { retried: number }
  readonly running: Set<number>
  /** Of the newest tasks that were done, milliseconds. */
  readonly durations: number[]
  /** Tasks that came back; they go before those that never began. */
  again: number[]
  /** The first task that never began. */
  fresh: number
}

/** A task is a straggler when it runs so many times longer than the middle one, and so long at least. */
const stragglerFactor = 2
const stragglerMsMin = 1_000
/** How many of the newest durations tell the middle one. */
const durationsMax = 101
/** How far a worker looks for a task that has not failed on its host. */
const lookAheadMax = 64

const boardOf = (total: number): Board => ({
  tasks: Array.from({ length: total }, () => ({
    status: 'waiting',
    tries: 0,
    attempts: new Map(),
    badHosts: new Set(),
  })),
  counts: { waiting: total, running: 0, done: 0, failed: 0, retried: 0 },
  running: new Set(),
  durations: [],
  again: [],
  fresh: 0,
})

const middleOf = (durations: readonly number[]): number =>
  durations.toSorted((a, b) => a - b)[durations.length >> 1] ?? Number.POSITIVE_INFINITY

const move = ({ counts }: Board, task: Task, status: TaskStatus): void => {
  counts[task.status] -= 1
  counts[status] += 1
  task.status = status
}

/** A task that came back, if possible one that has not failed on this host. */
const takeAgain = (board: Board, { host }: MapWorker): number | undefined => {
  const near = board.again.slice(0, lookAheadMax)
  const found = near.find((index) => board.tasks[index]?.badHosts.has(host) === false)
  // Better here again than nowhere, once nothing fresh is left.
  const index = found ?? (board.fresh >= board.tasks.length ? near[0] : undefined)
  if (index !== undefined) board.again = board.again.filter((one) => one !== index)
  return index
}

const takeFresh = (board: Board): number | undefined => {
  if (board.fresh >= board.tasks.length) return undefined
  board.fresh += 1
  return board.fresh - 1
}

/** The task that runs longest on one other host alone, when that is suspiciously long. */
const straggler = (
  { tasks, running, durations }: Board,
  worker: MapWorker,
  nowMs: number,
): number | undefined => {
  const limitMs = Math.max(stragglerMsMin, stragglerFactor * middleOf(durations))
  let oldest: { readonly index: number; readonly sinceMs: number } | undefined
  for (const index of running) {
    const task = tasks[index]
    const [only] = task?.attempts.values() ?? []
    if (task?.attempts.size !== 1 || only === undefined) continue
    if (only.worker.host === worker.host || task.badHosts.has(worker.host)) continue
    if (nowMs - only.sinceMs < limitMs) continue
    if (oldest === undefined || only.sinceMs < oldest.sinceMs) {
      oldest = { index, sinceMs: only.sinceMs }
    }
  }
  return oldest?.index
}

const handOut = (board: Board, worker: MapWorker, nowMs: number): number | undefined => {
  const index = takeAgain(board, worker) ?? takeFresh(board) ?? straggler(board, worker, nowMs)
  const task = index === undefined ? undefined : board.tasks[index]
  if (index === undefined || task === undefined) return undefined
  if (task.status === 'waiting') move(board, task, 'running')
  task.attempts.set(worker.id, { worker, sinceMs: nowMs })
  board.running.add(index)
  return index
}

/** Takes the worker off the task, then lets `report` judge; a report that comes too late does not count. */
const judge = (
  { tasks }: Board,
  index: number,
  worker: MapWorker,
  report: (task: Task, sinceMs: number) => Verdict,
): Verdict => {
  const task = tasks[index]
  const attempt = task?.attempts.get(worker.id)
  if (task === undefined || attempt === undefined || task.status !== 'running') {
    return { counted: false, status: task?.status ?? 'failed', needless: [] }
  }
  task.attempts.delete(worker.id)
  return report(task, attempt.sinceMs)
}

const finish = (board: Board, index: number, task: Task, status: 'done' | 'failed'): Verdict => {
  const needless = [...task.attempts.keys()]
  task.attempts.clear()
  board.running.delete(index)
  move(board, task, status)
  return { counted: true, status, needless }
}

const giveBack = (board: Board, index: number, task: Task): Verdict => {
  board.counts.retried += 1
  if (task.attempts.size === 0) {
    board.running.delete(index)
    move(board, task, 'waiting')
    board.again.unshift(index)
  }
  return { counted: true, status: task.status, needless: [] }
}

export const createMapSchedule = ({ tasks: total, triesMax }: MapScheduleOptions): MapSchedule => {
  const board = boardOf(total)
  const { tasks, counts, durations } = board
  return {
    next: (worker, nowMs) => handOut(board, worker, nowMs),
    done: (index, worker, nowMs) =>
      judge(board, index, worker, (task, sinceMs) => {
        durations.push(nowMs - sinceMs)
        if (durations.length > durationsMax) durations.shift()
        task.tries += 1
        return finish(board, index, task, 'done')
      }),
    failed: (index, worker) =>
      judge(board, index, worker, (task) => {
        task.tries += 1
        task.badHosts.add(worker.host)
        return task.tries >= triesMax
          ? finish(board, index, task, 'failed')
          : giveBack(board, index, task)
      }),
    returned: (index, worker) =>
      judge(board, index, worker, (task) => giveBack(board, index, task)),
    statusOf: (index) => tasks[index]?.status ?? 'failed',
    triesOf: (index) => tasks[index]?.tries ?? 0,
    counts: () => ({ ...counts }),
    isOver: () => counts.done + counts.failed === total,
  }
}
