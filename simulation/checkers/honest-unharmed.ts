import type { Checker } from './checker.ts'

/** Where there are no faults there are no reports, no lost bonds, no fees for quitting and no second placement. */
export const createHonestUnharmed = (): Checker => {
  let harm: string | undefined
  return {
    name: 'honest-unharmed',
    onCall: ({ events }) => {
      for (const event of events) {
        if (event.kind === 'Reported' || event.kind === 'Resolved') {
          harm ??= `lease ${event.id}: ${event.kind}`
        }
        if (event.kind === 'Quit' && event.fee > 0n) harm ??= `lease ${event.id} was quit`
        if (event.kind === 'Opened' && event.terms.epoch > 1) {
          harm ??= `lease ${event.id} has epoch ${event.terms.epoch}`
        }
      }
      return undefined
    },
    onSample: ({ faulty }) => (faulty ? undefined : harm),
    onRest: ({ faulty }) => (faulty ? undefined : harm),
  }
}
