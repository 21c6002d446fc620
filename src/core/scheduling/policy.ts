/** How patiently and how generously a tenant's supervisor acts. */
export type SupervisionPolicy = {
  /** Without a word from the host for so long it counts as lost. */
  readonly silenceMs: number
  /** A lease is paid for so long at a time. */
  readonly depositSeconds: number
  /** Topped up when less than this is left, or less than a quarter of the deposit. */
  readonly topUpBeforeSeconds: number
  readonly receiptEverySeconds: number
  /** How long the market may have no host before a run that never started gives up. */
  readonly firstPatienceMs: number
  /** The same for a run that had begun and lost its host. */
  readonly patienceMs: number
  /** A host that failed is left alone for so long, twice as long after every further failure. */
  readonly avoidMs: number
  /** So many failures within the window end the attempt to place. */
  readonly failuresMax: number
  readonly failureWindowMs: number
  /** How many hosts are asked for bids at once. */
  readonly bidders: number
  /** What a host may be late with enforcing a timeout before the tenant stops the run. */
  readonly timeoutGraceMs: number
}

export const defaultPolicy: SupervisionPolicy = {
  silenceMs: 15_000,
  depositSeconds: 3600,
  topUpBeforeSeconds: 300,
  receiptEverySeconds: 60,
  firstPatienceMs: 20_000,
  patienceMs: 120_000,
  avoidMs: 60_000,
  failuresMax: 12,
  failureWindowMs: 3_600_000,
  bidders: 3,
  timeoutGraceMs: 5_000,
}
