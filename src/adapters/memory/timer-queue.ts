/** One thing that is due at a virtual moment. */
export type Timer = {
  readonly atMs: number
  readonly sequence: number
  /** Undefined once cancelled or fired. */
  fire: (() => void) | undefined
}

const before = (a: Timer, b: Timer): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)

const siftUp = (heap: Timer[], timer: Timer, from: number): void => {
  let index = from
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent]
    if (above === undefined || !before(timer, above)) break
    heap[index] = above
    index = parent
  }
  heap[index] = timer
}

const siftDown = (heap: Timer[], timer: Timer): void => {
  let index = 0
  while (true) {
    const left = heap[2 * index + 1]
    if (left === undefined) break
    const right = heap[2 * index + 2]
    const isRight = right !== undefined && before(right, left)
    const child = isRight ? right : left
    if (!before(child, timer)) break
    heap[index] = child
    index = 2 * index + (isRight ? 2 : 1)
  }
  heap[index] = timer
}

const popFrom = (heap: Timer[]): void => {
  const last = heap.pop()
  if (last !== undefined && heap.length > 0) siftDown(heap, last)
}

/** Cancelled timers are swept out once they outnumber the live ones by this many. */
const cancelledMax = 64

/** Timers in the order of their time, then of their creation. */
export class TimerQueue {
  #heap: Timer[] = []
  #sequence = 0
  #live = 0

  get size(): number {
    return this.#live
  }

  add(atMs: number, fire: () => void): Timer {
    this.#sequence += 1
    const timer: Timer = { atMs, sequence: this.#sequence, fire }
    this.#live += 1
    this.#heap.push(timer)
    siftUp(this.#heap, timer, this.#heap.length - 1)
    return timer
  }

  cancel(timer: Timer): void {
    if (timer.fire === undefined) return
    timer.fire = undefined
    this.#live -= 1
    if (this.#heap.length > 2 * this.#live + cancelledMax) this.#sweep()
  }

  /** The time of the first live timer. */
  nextAtMs(): number | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].fire === undefined) popFrom(this.#heap)
    return this.#heap[0]?.atMs
  }

  /** Takes out the first live timer and returns what it fires. */
  take(): (() => void) | undefined {
    if (this.nextAtMs() === undefined) return undefined
    const first = this.#heap[0]
    const fire = first?.fire
    if (first !== undefined) this.cancel(first)
    return fire
  }

  #sweep(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap
      .filter((timer) => timer.fire !== undefined)
      .sort((a, b) => (before(a, b) ? -1 : 1))
  }
}
