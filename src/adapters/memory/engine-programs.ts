import type { MemoryProcess, MemoryProgram } from './engine-process.ts'
import { runTasks } from './engine-task-loop.ts'
import { shellWords } from './engine-words.ts'
import { nodeAt } from './tree.ts'

const notFound = 127
const blockBytes = 16 * 1024

const cat: MemoryProgram = async (process) => {
  const files = process.argv.slice(1)
  if (files.length === 0) {
    for (;;) {
      const bytes = await process.hear()
      if (bytes === undefined) return 0
      await process.say('stdout', bytes)
    }
  }
  let code = 0
  for (const path of files) {
    const { tree, parts } = process.locate(path)
    const node = nodeAt(tree, parts)
    if (node?.kind === 'file') {
      await process.say('stdout', node.bytes)
    } else {
      await process.say('stderr', `cat: can't open '${path}'\n`)
      code = 1
    }
  }
  return code
}

/** `head -c N FILE`: zeros, whatever the file. */
const head: MemoryProgram = async (process) => {
  let left = Number(process.argv[2] ?? 0)
  while (left > 0) {
    const block = new Uint8Array(Math.min(blockBytes, left))
    await process.say('stdout', block)
    left -= block.length
  }
  return 0
}

const kill: MemoryProgram = async (process) => {
  process.killOthers()
  return 0
}

const builtins: Readonly<Record<string, MemoryProgram>> = {
  true: async () => 0,
  false: async () => 1,
  exit: async ({ argv }) => Number(argv[1] ?? 0) & 255,
  sleep: async (process) => {
    await process.sleep(Number(process.argv[1] ?? 0) * 1000)
    return 0
  },
  echo: async (process) => {
    await process.say('stdout', `${process.argv.slice(1).join(' ')}\n`)
    return 0
  },
  cat,
  head,
  kill,
  /** Uses more memory than it has, at once. */
  'exhaust-memory': async () => 'out-of-memory',
}

const toStderr = (process: MemoryProcess): MemoryProcess => ({
  ...process,
  say: (_stream, text) => process.say('stderr', text),
})

/** Runs one command of a line; `exec` changes nothing here. */
const runWords = async (
  process: MemoryProcess,
  given: readonly string[],
): Promise<number | 'out-of-memory'> => {
  const words = given[0] === 'exec' ? given.slice(1) : given
  const redirected = words.at(-1) === '>&2'
  const argv = redirected ? words.slice(0, -1) : words
  const program = findProgram(argv)
  if (program === undefined) {
    await process.say('stderr', `sh: ${argv[0] ?? ''}: not found\n`)
    return notFound
  }
  return program({ ...(redirected ? toStderr(process) : process), argv })
}

/** Commands between `;`, newlines and `&&`, one after the other; `exit` ends the script. */
const runScript = async (
  process: MemoryProcess,
  script: string,
): Promise<number | 'out-of-memory'> => {
  let code = 0
  let words: string[] = []
  let skipped = false
  for (const word of [...shellWords(script, process.env), ';']) {
    const ends = word === ';' || word === '\n' || word === '&&'
    if (!ends) {
      words.push(word)
      continue
    }
    if (words.length > 0 && !skipped) {
      const result = await runWords(process, words)
      if (result === 'out-of-memory' || words[0] === 'exit' || words[0] === 'exec') return result
      code = result
    }
    if (words.length > 0) skipped = word === '&&' && code !== 0
    words = []
  }
  return code
}

const shell: MemoryProgram = async (process) => {
  const script = process.argv[1] === '-c' ? (process.argv[2] ?? '') : ''
  return (await runTasks(process, script, runScript)) ?? runScript(process, script)
}

/** The program that a memory container runs for these words; undefined where there is none. */
export const findProgram = (argv: readonly string[]): MemoryProgram | undefined => {
  const name = argv[0]?.replace(/^\/bin\//, '') ?? ''
  if (name === 'sh') return shell
  return Object.hasOwn(builtins, name) ? builtins[name] : undefined
}
