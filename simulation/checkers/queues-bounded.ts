import type { Checker } from './checker.ts'

/** Nothing that is fed from outside grows without bound. */
export const createQueuesBounded = (): Checker => ({
  name: 'queues-bounded',
  onSample: ({ gauges }) => {
    const over = gauges.find(({ value, max }) => value > max)
    return over === undefined
      ? undefined
      : `${over.name} has reached ${over.value}, at most ${over.max} is expected`
  },
})
