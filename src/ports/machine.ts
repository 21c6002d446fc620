import type { Resources } from '#core/resources'

export type Gpu = { readonly name: string; readonly memoryBytes: number; readonly id: string }

/** What this computer is, read from the system. */
export type MachineFacts = {
  readonly arch: 'amd64' | 'arm64' | string
  readonly os: string
  readonly cpuModel: string
  readonly resources: Resources
  readonly gpus: readonly Gpu[]
}

export type Machine = {
  readonly facts: (signal: AbortSignal) => Promise<MachineFacts>
  /** Single-core SHA-256 throughput, MiB/s over about `durationMs`: a comparable speed of the processor. */
  readonly benchmark: (durationMs: number, signal: AbortSignal) => Promise<number>
}
