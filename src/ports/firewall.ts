/** The rules that keep a lease's bridge away from the owner's LAN, this machine and other leases. */
export type Firewall = {
  /** True where the rules can be installed (root in the engine's network namespace). */
  readonly available: (signal: AbortSignal) => Promise<boolean>
  /** Idempotent. `egress` false also closes the way to the internet. Throws 'unavailable'. */
  readonly isolate: (
    rule: { readonly bridge: string; readonly subnet: string; readonly egress: boolean },
    signal: AbortSignal,
  ) => Promise<void>
  /** Idempotent. */
  readonly release: (bridge: string, signal: AbortSignal) => Promise<void>
  /** Bridges that have rules of ours. */
  readonly bridges: (signal: AbortSignal) => Promise<readonly string[]>
}
