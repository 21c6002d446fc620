import type { Clock } from '#ports/clock'
import type { ContainerSpec, ContainerState, EngineImage, ExecSpec } from '#ports/engine'
import {
  createStdio,
  endOutput,
  killed,
  type MemoryProcess,
  type MemoryProgram,
  type Stdio,
  sayTo,
} from './engine-process.ts'
import { createTree, ensureDirectory, putNode, type Tree } from './tree.ts'
import type { MemoryVolumes } from './volumes.ts'

const killedCode = 137

export type MemoryContainer = {
  readonly id: string
  readonly spec: ContainerSpec
  readonly image: EngineImage
  /** Of its present or next life. */
  stdio: Stdio
  /** The container's own layer. */
  readonly root: Tree
  state: ContainerState
  startedMs: number
  ranMs: number
  processes: number
  /** Ends every process. */
  end: AbortController
  /** Ends every process but the first. */
  others: AbortController
  /** Whoever waits for a change of state. */
  waiting: Set<() => void>
}

export type ContainerWorld = { readonly clock: Clock; readonly volumes: MemoryVolumes | undefined }

const baseFiles: Readonly<Record<string, string>> = {
  group: 'root:x:0:\nnogroup:x:65534:\n',
  passwd: 'root:x:0:0:root:/root:/bin/sh\n',
}

const freshRoot = (): Tree => {
  const root = createTree(Number.MAX_SAFE_INTEGER)
  for (const directory of ['etc', 'tmp']) ensureDirectory(root, [directory], 0o755)
  for (const [name, text] of Object.entries(baseFiles)) {
    const bytes = new TextEncoder().encode(text)
    putNode(root, ['etc', name], { kind: 'file', mode: 0o644, mtime: 0, bytes })
  }
  return root
}

export const createContainer = (
  id: string,
  spec: ContainerSpec,
  image: EngineImage,
): MemoryContainer => ({
  id,
  spec,
  image,
  stdio: createStdio(),
  root: freshRoot(),
  state: { status: 'created' },
  startedMs: 0,
  ranMs: 0,
  processes: 0,
  end: new AbortController(),
  others: new AbortController(),
  waiting: new Set(),
})

/** The words that the container runs, as Docker puts them together. */
export const argvOf = ({ spec, image }: MemoryContainer): readonly string[] => {
  const entrypoint = spec.entrypoint ?? image.entrypoint
  const command = spec.command ?? (spec.entrypoint === undefined ? image.command : [])
  return [...entrypoint, ...command]
}

export const changeState = (container: MemoryContainer, state: ContainerState): void => {
  container.state = state
  const woken = container.waiting
  container.waiting = new Set()
  for (const resume of woken) resume()
}

/** Resolves at the next change of state; rejects with the signal's reason. */
export const stateChange = (container: MemoryContainer, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      container.waiting.delete(onChange)
      reject(signal.reason)
    }
    const onChange = (): void => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }
    container.waiting.add(onChange)
    signal.addEventListener('abort', onAbort, { once: true })
  })

/** Ends the container with this code, once; its processes hear no more of the world. */
export const finish = (
  world: ContainerWorld,
  container: MemoryContainer,
  result: number | 'out-of-memory',
): void => {
  const { status } = container.state
  if (status === 'exited' || status === 'created') return
  container.ranMs = world.clock.monotonicMs() - container.startedMs
  const oomKilled = result === 'out-of-memory'
  const exitCode = oomKilled ? killedCode : result
  endOutput(container.stdio)
  container.stdio = createStdio()
  changeState(container, {
    status: 'exited',
    exitCode,
    oomKilled,
    finishedAtMs: world.clock.nowMs(),
  })
  container.end.abort(killed())
  container.others.abort(killed())
}

/** The mounted or own tree that an absolute path lies in. */
export const locate = (
  world: ContainerWorld,
  container: MemoryContainer,
  path: string,
): { readonly tree: Tree; readonly parts: readonly string[] } => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const mounted = container.spec.mounts
    .map((mount) => ({ mount, at: mount.target.split('/').filter((part) => part !== '') }))
    .filter(({ at }) => at.every((part, index) => parts[index] === part))
    .toSorted((a, b) => b.at.length - a.at.length)[0]
  const place = mounted === undefined ? undefined : world.volumes?.at(mounted.mount.source)
  if (mounted === undefined || place === undefined) return { tree: container.root, parts }
  return { tree: place.tree, parts: [...place.parts, ...parts.slice(mounted.at.length)] }
}

/** Passes while the container runs; a frozen one's process waits here. */
const gate = async (container: MemoryContainer, signal: AbortSignal): Promise<void> => {
  while (container.state.status === 'paused') await stateChange(container, signal)
  signal.throwIfAborted()
}

const envOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  )

/** One process in the container, speaking through `stdio` until `signal` aborts. */
export const processIn = (
  world: ContainerWorld,
  container: MemoryContainer,
  argv: readonly string[],
  started: { readonly stdio: Stdio; readonly exec?: ExecSpec; readonly signal: AbortSignal },
): MemoryProcess => {
  const { stdio, exec, signal } = started
  const tty = exec?.tty ?? container.spec.tty
  const hasInput = exec?.openStdin ?? container.spec.openStdin
  return {
    argv,
    env: envOf([...container.spec.env, ...(exec?.env ?? [])]),
    signal,
    say: async (stream, said) => {
      await gate(container, signal)
      await sayTo(stdio, tty ? 'stdout' : stream, said)
      signal.throwIfAborted()
    },
    hear: async () => {
      await gate(container, signal)
      if (!hasInput) return undefined
      const heard = await stdio.input.take()
      await gate(container, signal)
      return heard?.bytes
    },
    sleep: async (ms, until) => {
      const ends = until === undefined ? signal : AbortSignal.any([signal, until])
      await world.clock.sleep(ms, ends)
      await gate(container, ends)
    },
    locate: (path) => locate(world, container, path),
    killOthers: () => {
      const ended = container.others
      container.others = new AbortController()
      ended.abort(killed())
    },
    others: () => container.others.signal,
  }
}

/** Sets the container's first process going. */
export const run = (
  world: ContainerWorld,
  container: MemoryContainer,
  argv: readonly string[],
  program: MemoryProgram,
): void => {
  container.startedMs = world.clock.monotonicMs()
  // It may have run before.
  container.end = new AbortController()
  container.others = new AbortController()
  container.processes = 1
  changeState(container, { status: 'running' })
  const { stdio, end } = container
  const first = processIn(world, container, argv, { stdio, signal: end.signal })
  const over = (result: number | 'out-of-memory'): void => {
    // A killed program may end when its container lives again.
    if (container.end === end) finish(world, container, result)
  }
  // A program that fails is a process that exits with 1; a killed one has ended already.
  program(first).then(over, () => over(1))
}
