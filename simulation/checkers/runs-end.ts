import type { Checker } from './checker.ts'

/** Every run comes to an exit; one that is meant to go on does so until it is stopped. */
export const createRunsEnd = (): Checker => ({
  name: 'runs-end',
  onRest: ({ tenants }) => {
    for (const { name, runs, maps } of tenants) {
      for (const { view } of runs) {
        if (view.status !== 'exited') {
          return `run ${view.name} of ${name} is still ${view.status} (${view.detail ?? 'no detail'})`
        }
      }
      const going = maps.find((map) => map.status === 'placing' || map.status === 'running')
      if (going !== undefined) {
        return `map ${going.id} of ${name} is still ${going.status}: ${going.done} of ${going.total} done`
      }
    }
    return undefined
  },
})
