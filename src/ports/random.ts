/** Chance: unpredictable in a node, seeded in the simulator. */
export type Random = {
  readonly bytes: (length: number) => Uint8Array
  /** A whole number, 0 <= n < bound. */
  readonly integer: (bound: number) => number
}
