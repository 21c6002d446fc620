import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createCloud } from './cloud.ts'

const binary = fileURLToPath(new URL('../../bin/artel', import.meta.url))
const lines = 8_000_000
const cloud = createCloud()

before(() => cloud.up(1), { timeout: 180_000 })
after(() => cloud.down(), { timeout: 120_000 })

/** Kills every TCP connection of the host; says how many. Needs root. */
const cutHost = (): number => {
  const pid = readFileSync(join(cloud.home, 'local', 'host-1', 'node.pid'), 'utf8').trim()
  const listening = spawnSync('ss', ['-Htlnp'], { encoding: 'utf8' }).stdout.split('\n')
  const ports = listening
    .filter((line) => line.includes(`pid=${pid},`))
    .map((line) => /:(\d+)\s/.exec(line)?.[1] ?? '')
  const killed = ports.map((port) =>
    spawnSync('ss', ['-HK', `sport = :${port} or dport = :${port}`], { encoding: 'utf8' }),
  )
  return killed.filter(({ stdout }) => stdout.trim() !== '').length
}

const canCut = process.getuid?.() === 0 && spawnSync('ss', ['-V']).status === 0

/** Runs `seq` in a container; `onBytes` hears how much has come. */
const hashOfRun = (onBytes: (bytes: number) => void): Promise<string> =>
  new Promise((resolve, reject) => {
    const args = ['run', 'debian:bookworm-slim', 'seq', '1', String(lines)]
    const env = { ...process.env, ARTEL_HOME: cloud.home }
    const child = spawn(binary, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const hash = createHash('sha256')
    let bytes = 0
    child.stdout.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      bytes += chunk.length
      onBytes(bytes)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(hash.digest('hex'))
      else reject(new Error(`artel run ended with ${code}`))
    })
  })

const hashOfLines = (): string => {
  const hash: Hash = createHash('sha256')
  for (let line = 1; line <= lines; line += 1) hash.update(`${line}\n`)
  return hash.digest('hex')
}

describe('the output of a run', () => {
  test('arrives whole, though the connection to the host is cut again and again', {
    timeout: 120_000,
    skip: canCut ? false : 'cutting connections needs root and ss',
  }, async () => {
    let cuts = 0
    let cutAt = 5_000_000
    const hash = await hashOfRun((bytes) => {
      if (bytes < cutAt) return
      cutAt += 15_000_000
      cuts += cutHost() > 0 ? 1 : 0
    })
    assert.ok(cuts >= 3, `the connection was cut ${cuts} times`)
    assert.equal(hash, hashOfLines())
  })
})
