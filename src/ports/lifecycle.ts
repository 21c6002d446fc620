/**
 * A component that runs. `start` may be called once; `stop` refuses new work, ends or waits for the old
 * and is idempotent; afterwards the component is inert.
 */
export type Startable = {
  readonly start: (signal: AbortSignal) => Promise<void>
  readonly stop: () => Promise<void>
}
