import type { Checker, Rest, RunSample } from './checker.ts'

/** A run that was started again may have begun its output on an earlier host as well. */
const isWhole = ({ view, expected }: RunSample, said: string): boolean =>
  view.epoch > 1 ? said.endsWith(expected.output) : said === expected.output

const incomplete = (rest: Rest): string | undefined => {
  for (const { name, runs } of rest.tenants) {
    for (const run of runs) {
      const { view, expected } = run
      const ended = view.exit !== undefined && view.exit.reason === undefined
      if (!ended || expected.interfered) continue
      const said = rest.outputs.get(`${name}/${view.name}`)
      if (said === undefined || !isWhole(run, said)) {
        return `run ${view.name} of ${name} said ${JSON.stringify(expected.output)}, what came home is ${JSON.stringify(said)}`
      }
    }
  }
  return undefined
}

/** What a program said before it ended is all at home, byte for byte. */
export const createOutputsComplete = (): Checker => ({
  name: 'outputs-complete',
  onRest: incomplete,
})
