import { ArtelError } from '#core/errors'

/** Where a worker's volume shows in its container. */
export const taskPaths = { input: '/in', output: '/out', control: '/.artel' } as const
/** The same inside the volume. */
export const taskDirectories = { input: 'in', output: 'out', control: 'control' } as const
export const taskFiles = { script: 'task.sh', stdout: 'stdout', stderr: 'stderr' } as const

const { control } = taskPaths

/**
 * What runs in a warm container: reads the number of a task from standard input, runs the script that lies in
 * the control directory, ends whatever the task left running, and says number, exit code and how many processes
 * the kernel has killed for memory so far. Only what every sh has.
 */
export const runnerScript = `
while IFS= read -r id; do
  ( . ${control}/${taskFiles.script} ) </dev/null >${control}/${taskFiles.stdout} 2>${control}/${taskFiles.stderr}
  code=$?
  [ $$ -eq 1 ] && kill -9 -1 2>/dev/null
  killed=0
  for events in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    if [ -r $events ]; then
      while read -r key value; do
        if [ "$key" = oom_kill ]; then killed=$value; fi
      done <$events
    fi
  done
  echo "$id $code $killed"
done
`.trim()

/** Ends the running task from beside it: everything but the runner, which is process 1. */
export const killScript = 'kill -9 -1'

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** The script that becomes the command. Throws 'bad-request' for a word that no process can be given. */
export const taskScript = (command: readonly string[]): string => {
  if (command.some((word) => word.includes('\0'))) {
    throw new ArtelError('bad-request', 'a command may not contain NUL')
  }
  return `exec ${command.map(quote).join(' ')}\n`
}

export type TaskEnd = { readonly id: number; readonly exitCode: number; readonly killed: number }

/** One line of the runner, or undefined for something else that the container said. */
export const parseTaskEnd = (line: string): TaskEnd | undefined => {
  const match = /^(\d{1,15}) (\d{1,3}) (\d{1,15})$/.exec(line)
  if (match === null) return undefined
  const [id, exitCode, killed] = match.slice(1).map(Number)
  if (id === undefined || exitCode === undefined || killed === undefined) return undefined
  return exitCode > 255 ? undefined : { id, exitCode, killed }
}

/** Text cut into lines; holds at most `lineBytesMax` of an unfinished one. */
export const createLineReader = (onLine: (line: string) => void): ((bytes: Uint8Array) => void) => {
  const decoder = new TextDecoder()
  let rest = ''
  return (bytes) => {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = (parts.pop() ?? '').slice(-lineCharactersMax)
    for (const part of parts) onLine(part)
  }
}

const lineCharactersMax = 1024
