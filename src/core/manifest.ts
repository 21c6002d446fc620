import type { InstanceId } from './ids.ts'
import type { Resources } from './resources.ts'

/**
 * How strongly an instance is kept apart from its host: `container` is runc with the hardened defaults,
 * `gvisor` is runsc.
 */
export type Isolation = 'container' | 'gvisor'

/** `egress` reaches the internet (never the owner's LAN); `none` reaches nothing. */
export type NetworkPolicy = 'egress' | 'none'

/** What a host promises for an instance; its hash is `Terms.manifest`. */
export type Requirements = {
  readonly version: 1
  readonly resources: Resources
  readonly isolation: Isolation
  readonly network: NetworkPolicy
}

/** An image by identity, so that tenant and host mean the same bytes. */
export type ImageReference = {
  /** As the user wrote it, normalised: `docker.io/library/debian:bookworm-slim`. */
  readonly reference: string
  /** Manifest digest where a registry has it, else the config digest: `sha256:` and 64 digits. */
  readonly digest: string
  /** `registry`: the host pulls it; `tenant`: it exists only at the tenant, who streams it. */
  readonly source: 'registry' | 'tenant'
}

/** One execution of a container, whatever host it lands on. */
export type RunSpec = {
  readonly image: ImageReference
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly env: readonly string[]
  readonly workdir?: string
  readonly user?: string
  readonly hostname?: string
  readonly labels: Readonly<Record<string, string>>
  readonly tty: boolean
  readonly openStdin: boolean
  readonly stopGraceSeconds: number
  /** Killed after so many seconds; absent = as long as the lease lasts. */
  readonly timeoutSeconds?: number
  /** Paths in the container that are filled before it starts. */
  readonly inputs: readonly { readonly target: string; readonly blob: string }[]
  /** Paths in the container that are brought home after it ended. */
  readonly outputs: readonly string[]
}

/** What the tenant asks of the market for every instance of a service. */
export type Wishes = {
  /** Token base units per hour, as a rate; absent = the market's price. */
  readonly rateMax?: bigint
  readonly regions: readonly string[]
  /** Host addresses, peer ids or names; empty = any. */
  readonly hosts: readonly string[]
}

/** `on-failure-of-host` starts it again elsewhere when its host is lost; `no` never. */
export type RestartPolicy = 'no' | 'on-failure-of-host'

/** One kind of instance of a deployment. */
export type Service = {
  readonly requirements: Requirements
  /** Absent in a pool: runs and tasks come later, while the leases stay open. */
  readonly run?: RunSpec
  readonly instances: number
  readonly restart: RestartPolicy
  readonly wishes: Wishes
}

/** What a tenant wants to run. */
export type Manifest = {
  readonly version: 1
  readonly name: string
  readonly services: Readonly<Record<string, Service>>
}

/** Where one instance of a manifest stands: its service, its number, and its id on chain. */
export type InstanceName = {
  readonly service: string
  readonly index: number
  readonly id: InstanceId
}
