import type { MemoryProcess } from './engine-process.ts'
import { nodeAt, putNode } from './tree.ts'

type RunScript = (process: MemoryProcess, script: string) => Promise<number | 'out-of-memory'>

const killedCode = 137

/** A loop that reads task numbers from its input and sources a script for each, its output going to files. */
const loop =
  /^while IFS= read -r id; do\s+\( \. (\S+) \) <\/dev\/null >(\S+) 2>(\S+)\s[\s\S]*echo "\$id \$code \$killed"\s+done$/

const createLines = (process: MemoryProcess): (() => Promise<string | undefined>) => {
  const decoder = new TextDecoder()
  let rest = ''
  return async () => {
    for (;;) {
      const end = rest.indexOf('\n')
      if (end >= 0) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 1)
        return line
      }
      const bytes = await process.hear()
      if (bytes === undefined) return undefined
      rest += decoder.decode(bytes, { stream: true })
    }
  }
}

const readText = (process: MemoryProcess, path: string): string => {
  const { tree, parts } = process.locate(path)
  const node = nodeAt(tree, parts)
  return node?.kind === 'file' ? new TextDecoder().decode(node.bytes) : ''
}

const writeText = (process: MemoryProcess, path: string, text: string): void => {
  const { tree, parts } = process.locate(path)
  const bytes = new TextEncoder().encode(text)
  putNode(tree, parts, { kind: 'file', mode: 0o644, mtime: 0, bytes })
}

/** Resolves with the code of a killed process as soon as somebody kills it. */
const killedBy = (signal: AbortSignal): Promise<number> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(killedCode)
    else signal.addEventListener('abort', () => resolve(killedCode), { once: true })
  })

/**
 * Runs a shell script of the form above as a shell would: it is more than the line language knows, so its
 * parts are read out of it. Undefined for any other script.
 */
export const runTasks = async (
  process: MemoryProcess,
  script: string,
  run: RunScript,
): Promise<number | undefined> => {
  const match = loop.exec(script.trim())
  if (match === null) return undefined
  const [, scriptPath = '', stdoutPath = '', stderrPath = ''] = match
  const nextLine = createLines(process)
  let outOfMemory = 0
  for (let id = await nextLine(); id !== undefined; id = await nextLine()) {
    const said = { stdout: '', stderr: '' }
    const decoder = new TextDecoder()
    const others = process.others()
    const task: MemoryProcess = {
      ...process,
      sleep: (ms) => process.sleep(ms, others),
      hear: async () => undefined,
      say: async (stream, text) => {
        said[stream] += typeof text === 'string' ? text : decoder.decode(text)
      },
    }
    const ending = run(task, readText(process, scriptPath))
    // A killed task may go on in vain; nobody hears it.
    ending.catch(() => undefined)
    const result = await Promise.race([ending, killedBy(others)])
    if (result === 'out-of-memory') outOfMemory += 1
    writeText(process, stdoutPath, said.stdout)
    writeText(process, stderrPath, said.stderr)
    await process.say(
      'stdout',
      `${id} ${result === 'out-of-memory' ? killedCode : result} ${outOfMemory}\n`,
    )
  }
  return 0
}
