import type { Checker } from './checker.ts'

/** A map that says it is done has done every task, and without faults every map that nobody cancelled is. */
export const createMapsComplete = (): Checker => ({
  name: 'maps-complete',
  onRest: ({ tenants, faulty }) => {
    for (const { name, maps } of tenants) {
      for (const { id, status, total, done, failed, message } of maps) {
        if (status === 'done' && (done !== total || failed !== 0)) {
          return `map ${id} of ${name} is done with ${done} of ${total} tasks, ${failed} failed`
        }
        if (!faulty && status === 'failed') {
          return `map ${id} of ${name} failed without a fault: ${message ?? 'no message'}`
        }
      }
    }
    return undefined
  },
})
