import { ArtelError } from '#core/errors'
import type { Engine, ExecSpec } from '#ports/engine'
import { type ContainerWorld, type MemoryContainer, processIn } from './engine-container.ts'
import {
  createStdio,
  endOutput,
  killed,
  type MemoryProgram,
  openSession,
  type Stdio,
  sayTo,
} from './engine-process.ts'

const killedCode = 137
const notFound = 127

type Exec = Awaited<ReturnType<Engine['exec']>>

const runBeside = async (
  world: ContainerWorld,
  container: MemoryContainer,
  exec: ExecSpec,
  program: MemoryProgram | undefined,
  stdio: Stdio,
): Promise<number> => {
  if (program === undefined) {
    await sayTo(stdio, 'stdout', `exec failed: ${exec.command[0] ?? ''}: not found\n`)
    return notFound
  }
  const own = new AbortController()
  const die = (): void => own.abort(killed())
  const beMortal = (): void =>
    container.others.signal.addEventListener('abort', die, { once: true })
  beMortal()
  container.end.signal.addEventListener('abort', die, { once: true })
  const process = processIn(world, container, exec.command, { stdio, exec, signal: own.signal })
  const killOthers = (): void => {
    // Whoever kills all others lives on.
    container.others.signal.removeEventListener('abort', die)
    process.killOthers()
    beMortal()
  }
  const ended = new Promise<number>((resolve) => {
    own.signal.addEventListener('abort', () => resolve(killedCode), { once: true })
  })
  const going = program({ ...process, killOthers }).then(
    (result) => (result === 'out-of-memory' ? killedCode : result),
    () => (own.signal.aborted ? killedCode : 1),
  )
  return Promise.race([going, ended]).finally(() => {
    container.others.signal.removeEventListener('abort', die)
    container.end.signal.removeEventListener('abort', die)
  })
}

/** Runs another process in a container that runs. */
export const execIn = (
  world: ContainerWorld,
  container: MemoryContainer,
  exec: ExecSpec,
  program: MemoryProgram | undefined,
  signal: AbortSignal,
): Exec => {
  if (container.state.status !== 'running') {
    throw new ArtelError('conflict', `container ${container.spec.name} is not running`)
  }
  const stdio = createStdio()
  const session = openSession(stdio, exec.openStdin, false, signal)
  container.processes += 1
  const code = runBeside(world, container, exec, program, stdio).finally(() => {
    container.processes -= 1
    endOutput(stdio)
  })
  return {
    session,
    resize: async (_columns, _rows, resizeSignal) => resizeSignal.throwIfAborted(),
    exitCode: async (codeSignal) => {
      codeSignal.throwIfAborted()
      return code
    },
  }
}
