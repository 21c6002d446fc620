import type { Checker } from './checker.ts'

/** When all is over, no container, network, volume, rule or timer is left. */
export const createNothingLeaked = (): Checker => ({
  name: 'nothing-leaked',
  onEnd: ({ hosts, waits }) => {
    for (const { name, holdings } of hosts) {
      for (const [what, count] of Object.entries(holdings)) {
        if (count !== 0) return `${name} still holds ${count} ${what}`
      }
    }
    return waits === 0 ? undefined : `${waits} waits of the clock were never ended`
  },
})
