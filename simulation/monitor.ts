import type { AppliedCall } from '#adapters/memory/chain-state'
import type { Checker, End, Rest, Sample } from './checkers/checker.ts'

/** What broke first: the checker and what it saw. */
export type Violation = {
  readonly checker: string
  readonly finding: string
  /** Virtual milliseconds since the start of the world. */
  readonly atMs: number
}

/** Shows everything to all checkers and keeps the first violation. */
export type Monitor = {
  readonly call: (applied: AppliedCall) => void
  readonly sample: (sample: Sample) => void
  readonly rest: (rest: Rest) => void
  readonly end: (end: End) => void
  /** Something broke that no checker watches for, such as a rejection that nobody handled. */
  readonly report: (checker: string, finding: string) => void
  readonly violation: () => Violation | undefined
}

export const createMonitor = (checkers: readonly Checker[], elapsedMs: () => number): Monitor => {
  let first: Violation | undefined
  const report = (checker: string, finding: string): void => {
    first ??= { checker, finding, atMs: elapsedMs() }
  }
  const ask = (look: (checker: Checker) => string | undefined): void => {
    for (const checker of checkers) {
      const finding = look(checker)
      if (finding !== undefined) report(checker.name, finding)
    }
  }
  return {
    call: (applied) => ask((checker) => checker.onCall?.(applied)),
    sample: (sample) => ask((checker) => checker.onSample?.(sample)),
    rest: (rest) => ask((checker) => checker.onRest?.(rest)),
    end: (end) => ask((checker) => checker.onEnd?.(end)),
    report,
    violation: () => first,
  }
}
