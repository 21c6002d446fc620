// Writes src/adapters/chain-viem/abi.generated.ts from the contracts; `--check` only compares.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const target = join(root, 'src/adapters/chain-viem/abi.generated.ts')
const out = join(root, 'contracts/cache/abi')
const contracts = ['Leases', 'Hosts', 'TestToken'] as const
const forgeTimeoutMs = 300_000

type AbiItem = { readonly type: string; readonly name?: string }
type Artifact = { readonly abi: readonly AbiItem[]; readonly bytecode: { readonly object: string } }

/** Builds into a folder of its own, so that a test run beside it keeps its cache. */
const build = (): void => {
  const flags = ['--quiet', '--skip', 'test', '--out', out, '--cache-path', join(out, 'cache')]
  execFileSync(join(root, 'node_modules/.bin/forge'), ['build', ...flags], {
    cwd: root,
    stdio: 'inherit',
    timeout: forgeTimeoutMs,
  })
}

const readArtifact = (contract: string): Artifact => {
  const file = join(out, `${contract}.sol`, `${contract}.json`)
  const artifact: Artifact = JSON.parse(readFileSync(file, 'utf8'))
  if (!Array.isArray(artifact.abi) || !/^0x[0-9a-f]+$/.test(artifact.bytecode.object)) {
    throw new Error(`${file} holds no ABI and linked bytecode`)
  }
  return artifact
}

const rank = (item: AbiItem): string => `${item.type} ${item.name ?? ''}`

/** One item a line, sorted, without what only the compiler needs. */
const printAbi = (abi: readonly AbiItem[]): string =>
  [...abi]
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .map((item) =>
      JSON.stringify(item, (key, value) => (key === 'internalType' ? undefined : value)),
    )
    .map((line) => `  ${line},\n`)
    .join('')

const print = (contract: string): string => {
  const { abi, bytecode } = readArtifact(contract)
  const name = `${contract.charAt(0).toLowerCase()}${contract.slice(1)}`
  return [
    `export const ${name}Abi = [\n${printAbi(abi)}] as const\n`,
    `export const ${name}Bytecode =\n  '${bytecode.object}'\n`,
  ].join('\n')
}

const render = (): string =>
  [
    '// Made by scripts/generate-abis.ts from contracts/src: do not edit.\n',
    ...contracts.map(print),
  ].join('\n')

const readTarget = (): string => {
  try {
    return readFileSync(target, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

build()
const text = render()
if (!process.argv.includes('--check')) {
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text)
} else if (text !== readTarget()) {
  console.error('abi.generated.ts is stale: run `npm run generate` and commit it')
  process.exitCode = 1
}
