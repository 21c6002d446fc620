import { readFileSync } from 'node:fs'
import type { Measure } from './measure.ts'

const targets: Readonly<Record<string, readonly [readonly string[], number]>> = {
  open: [['open first of an instance'], 150_000],
  claim: [['claim'], 60_000],
  close: [['close'], 60_000],
  'report + resolve': [['report', 'resolve'], 130_000],
  answer: [['answer'], 50_000],
}

/** What the contract's calls cost, from the snapshot that the contract tests keep true. */
export const measureGas = (): readonly Measure[] => {
  const file = new URL('../contracts/snapshots/Leases.json', import.meta.url)
  const snapshot: Readonly<Record<string, string>> = JSON.parse(readFileSync(file, 'utf8'))
  return Object.entries(targets).map(([name, [calls, atMost]]) => ({
    name: `gas of ${name}`,
    value: calls.reduce((sum, call) => sum + Number(snapshot[call]), 0),
    unit: 'gas',
    target: { atMost },
  }))
}
