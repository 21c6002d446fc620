import type { Checker, RunSample, Sample } from './checker.ts'

const wrong = ({ view, expected }: RunSample, faulty: boolean): string | undefined => {
  const { exit } = view
  if (exit === undefined || expected.interfered) return undefined
  // A program that was never allowed to end by itself has a reason; only faults may be one.
  if (exit.reason !== undefined) {
    const { reason, message = '' } = exit
    if (!faulty) return `failed without a fault: ${reason}, ${message}`
    if (reason === 'internal') return `failed by a mistake of ours: ${message}`
    return expected.restarts && (reason === 'host-lost' || reason === 'lease-ended')
      ? `ended as ${reason} although it is to be started again: ${message}`
      : undefined
  }
  if (!expected.ends) return `ended with ${exit.exitCode} although its program never does`
  return exit.exitCode === expected.exitCode
    ? undefined
    : `says exit code ${exit.exitCode}, its program ended with ${expected.exitCode}`
}

const check = ({ tenants, faulty }: Sample): string | undefined => {
  for (const { name, runs } of tenants) {
    for (const run of runs) {
      const found = wrong(run, faulty)
      if (found !== undefined) return `run ${run.view.name} of ${name} ${found}`
    }
  }
  return undefined
}

/** An exit without a reason is the program's own, and without faults every exit is. */
export const createExitsTrue = (): Checker => ({
  name: 'exits-true',
  onSample: check,
  onRest: check,
})
