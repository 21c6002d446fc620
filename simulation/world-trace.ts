import type { AppliedCall } from '#adapters/memory/chain-state'
import type { MapView, RunView } from '#protocol/api/runs'
import type { Sample } from './checkers/checker.ts'
import type { Trace } from './trace.ts'

const words = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? inner.toString() : inner,
  )

/** Writes what happens in a world into its trace: calls on chain, and runs and maps as they move. */
export const createTracer = (trace: Trace, elapsedMs: () => number) => {
  const known = new Map<string, string>()
  const changed = (key: string, text: string, atMs: number): void => {
    if (known.get(key) === text) return
    known.set(key, text)
    trace.record(atMs, `${key} ${text}`)
  }
  const runText = ({ status, epoch, host, exit }: RunView): string =>
    [status, epoch, host?.address ?? '-', exit?.exitCode ?? '', exit?.reason ?? ''].join(' ')
  const mapText = ({ status, done, failed, retried }: MapView): string =>
    [status, done, failed, retried].join(' ')
  return {
    call: ({ env, events }: AppliedCall): void => {
      for (const event of events) {
        const who = `${env.sender} at ${env.nowSeconds} in ${env.blockNumber}`
        trace.record(elapsedMs(), `${who}: ${words(event)}`)
      }
    },
    sample: ({ tenants, hosts }: Sample): void => {
      const atMs = elapsedMs()
      for (const { name, runs, maps } of tenants) {
        for (const { view } of runs) changed(`${name}/${view.name}`, runText(view), atMs)
        for (const map of maps) changed(`${name}/${map.id}`, mapText(map), atMs)
      }
      for (const { name, containers } of hosts) {
        const running = containers.filter((container) => container.running).length
        changed(name, `${running} of ${containers.length} containers`, atMs)
      }
    },
    fault: (what: object): void => trace.record(elapsedMs(), `fault ${words(what)}`),
  }
}
