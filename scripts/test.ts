import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { ArtelError } from '#core/errors'
import { aptInstall, isRoot } from './engine/apt-install.ts'
import { ensureBaseImage } from './engine/ensure-base-image.ts'
import { ensureEngine } from './engine/ensure-engine.ts'
import { root, toolEnvironment } from './run-steps.ts'

const everything = [
  'src/**/*.test.ts',
  'simulation/**/*.test.ts',
  'test/**/*.test.ts',
  'scripts/**/*.test.ts',
  'examples/**/*.test.ts',
]

/** Runs the named tests, or all: sets up the engine and images that they need and says what it did. */
const main = async (): Promise<number> => {
  const named = process.argv.slice(2)
  const say = (line: string): void => console.log(`artel: ${line}`)
  const { socketPath } = await ensureEngine({ say })
  await ensureBaseImage('debian:bookworm-slim', { socketPath, say })
  // `ss` cuts connections in the middle of a test.
  if (isRoot() && existsSync('/usr/bin/apt-get')) await aptInstall(['iproute2'], say)
  // node --test succeeds when a pattern matches nothing, so the files are counted here.
  const files = (named.length > 0 ? named : everything)
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .sort()
  if (files.length === 0) {
    console.error(`no test matches ${named.join(' ')}`)
    return 2
  }
  const result = spawnSync(
    'node',
    ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2', ...files],
    { cwd: root, stdio: 'inherit', env: toolEnvironment() },
  )
  return result.status ?? 1
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof ArtelError)) throw error
  console.error(`artel: ${error.message}`)
  if (error.hint !== undefined) console.error(`  ${error.hint}`)
  process.exitCode = 1
}
