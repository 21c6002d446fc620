import type { Desired } from '#core/deployment'
import type { DeploymentId, InstanceId } from '#core/ids'
import type { Requirements, RunSpec, Service } from '#core/manifest'
import { rate } from '#core/money'
import type { MatchRequest } from '#core/scheduling/match'
import type { RunCreate } from '#protocol/api/runs'
import type { TenantParts } from './components.ts'
import type { ResolvedImage } from './images.ts'

/** What a run gets that asks for nothing: enough for ordinary programs, little enough for old hosts. */
export const defaultResources = {
  cpuMilli: 1000,
  memoryBytes: 512 * 1024 ** 2,
  diskBytes: 1024 ** 3,
  gpus: 0,
} as const

type Workload = Pick<RunCreate, 'resources' | 'isolation' | 'network'>

/** `all` GPUs are those of the largest offer. */
export const requirementsOf = (request: Workload, allGpus: number): Requirements => {
  const { cpuMilli, memoryBytes, diskBytes, gpus } = request.resources
  return {
    version: 1,
    resources: {
      cpuMilli: cpuMilli ?? defaultResources.cpuMilli,
      memoryBytes: memoryBytes ?? defaultResources.memoryBytes,
      diskBytes: diskBytes ?? defaultResources.diskBytes,
      gpus: gpus === 'all' ? Math.max(1, allGpus) : (gpus ?? defaultResources.gpus),
    },
    isolation: request.isolation,
    network: request.network,
  }
}

/** The container, as the host will be told. */
export const runSpecOf = (request: RunCreate, { image }: ResolvedImage): RunSpec => {
  const { entrypoint, command, workdir, user, hostname, timeoutSeconds } = request
  return {
    image,
    env: request.env,
    labels: request.labels,
    tty: request.tty,
    openStdin: request.openStdin,
    stopGraceSeconds: request.stopGraceSeconds,
    inputs: request.inputs,
    outputs: request.outputs,
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(command === undefined ? {} : { command }),
    ...(workdir === undefined ? {} : { workdir }),
    ...(user === undefined ? {} : { user }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  }
}

export const serviceOf = (
  request: Workload & Pick<RunCreate, 'wishes'>,
  requirements: Requirements,
  rest: Pick<Service, 'restart' | 'instances'> & { readonly run?: RunSpec },
): Service => {
  const { rateMax, regions, hosts } = request.wishes
  return {
    requirements,
    wishes: { regions, hosts, ...(rateMax === undefined ? {} : { rateMax }) },
    ...rest,
  }
}

export const desiredOf = (
  ids: { readonly deployment: DeploymentId; readonly instance: InstanceId },
  service: Service,
  arch: string,
  options: Pick<Desired, 'keepSeconds' | 'holdOutput'>,
): Desired => ({ ...ids, service, arch, ...options })

/** What the market is searched for. */
export const matchRequestOf = (
  { signer, chain, clock }: Pick<TenantParts, 'signer' | 'chain' | 'clock'>,
  { service, arch }: Pick<Desired, 'service' | 'arch'>,
  avoid: ReadonlySet<string>,
): MatchRequest => {
  const { rateMax, regions, hosts } = service.wishes
  const { chainId, leases, tokenInfo } = chain.info
  return {
    requirements: service.requirements,
    archs: [arch],
    ...(rateMax === undefined ? {} : { rateMax: rate(rateMax) }),
    regions,
    hosts,
    chainId,
    leases,
    self: signer.peerId,
    avoid,
    nowMs: clock.nowMs(),
    tokenDecimals: tokenInfo.decimals,
  }
}
