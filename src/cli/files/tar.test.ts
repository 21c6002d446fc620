import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeTarHeader, type TarHeader, tarEnd, tarPadding } from '#core/tar-header'
import { packTar, scan } from './pack.ts'
import { unpackTar } from './unpack.ts'

const folder = async (t: TestContext): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'artel-tar-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

type Entry = Partial<TarHeader> & { readonly name: string; readonly content?: string }

async function* tarOf(entries: readonly Entry[]): AsyncGenerator<Uint8Array> {
  for (const { content = '', ...given } of entries) {
    const bytes = new TextEncoder().encode(content)
    const header = { type: 'file' as const, mode: 0o644, uid: 0, gid: 0, mtime: 1, ...given }
    yield encodeTarHeader({ ...header, size: bytes.length })
    if (header.type !== 'file') continue
    yield bytes
    yield tarPadding(bytes.length)
  }
  yield tarEnd
}

test('a folder comes out as it went in: contents, modes, links, empty folders, long names', async (t) => {
  const source = await folder(t)
  const target = join(await folder(t), 'new')
  const long = 'n'.repeat(180)
  await mkdir(join(source, 'sub', 'empty'), { recursive: true })
  await writeFile(join(source, 'sub', long), 'x'.repeat(200_000))
  await writeFile(join(source, 'run.sh'), '#!/bin/sh\n')
  await writeFile(join(source, 'leer'), '')
  await chmod(join(source, 'run.sh'), 0o750)
  await symlink('../outside', join(source, 'sub', 'link'))
  await unpackTar(packTar(await scan(source)), target)
  assert.deepEqual(await readdir(target, { recursive: true }).then((names) => names.sort()), [
    'leer',
    'run.sh',
    'sub',
    'sub/empty',
    'sub/link',
    `sub/${long}`,
  ])
  assert.equal((await readFile(join(target, 'sub', long), 'utf8')).length, 200_000)
  assert.equal((await lstat(join(target, 'run.sh'))).mode & 0o777, 0o750)
  assert.equal(await readlink(join(target, 'sub', 'link')), '../outside')
})

test('GNU tar reads what is packed, in order of names', async (t) => {
  const source = await folder(t)
  for (const name of ['b', 'a', 'c']) await writeFile(join(source, name), name)
  const chunks: Uint8Array[] = []
  for await (const chunk of packTar(await scan(source))) chunks.push(chunk)
  const listed = execFileSync('tar', ['t'], { input: Buffer.concat(chunks) }).toString()
  assert.equal(listed, 'a\nb\nc\n')
})

test('a socket and a missing path are refused by name', async (t) => {
  const source = await folder(t)
  const server = createServer().listen(join(source, 'socket'))
  t.after(() => server.close())
  await assert.rejects(scan(source), { code: 'bad-request', message: /socket: it is a socket/ })
  await assert.rejects(scan(join(source, 'none')), { message: /none: no such file or directory/ })
})

test('an unpacked file replaces a file and a link, and never what the link names', async (t) => {
  const target = await folder(t)
  const outside = join(await folder(t), 'precious')
  await writeFile(outside, 'precious')
  await symlink(outside, join(target, 'a'))
  await unpackTar(tarOf([{ name: 'a', content: 'new' }]), target)
  assert.equal(await readFile(outside, 'utf8'), 'precious')
  assert.equal(await readFile(join(target, 'a'), 'utf8'), 'new')
})

const hostile: readonly [string, readonly Entry[]][] = [
  ['a name that climbs', [{ name: '../evil', content: 'x' }]],
  ['a name that climbs later', [{ name: 'a/../../evil', content: 'x' }]],
  ['an absolute name', [{ name: '/tmp/evil', content: 'x' }]],
  [
    'a way through a link of the tar',
    [
      { name: 'a', type: 'symlink', linkname: '..' },
      { name: 'a/evil', content: 'x' },
    ],
  ],
  [
    'a folder over a link of the tar',
    [
      { name: 'a', type: 'symlink', linkname: '..' },
      { name: 'a/evil/', type: 'directory' },
    ],
  ],
]

test('no tar of a stranger writes outside its folder', async (t) => {
  for (const [what, entries] of hostile) {
    const parent = await folder(t)
    const target = join(parent, 'in')
    await assert.rejects(unpackTar(tarOf(entries), target), { name: 'ArtelError' }, what)
    const left = await readdir(parent)
    assert.deepEqual(
      left.filter((name) => name !== 'in'),
      [],
      what,
    )
  }
})

test('setuid is dropped', async (t) => {
  const target = await folder(t)
  await unpackTar(tarOf([{ name: 'su', mode: 0o4755, content: 'x' }]), target)
  assert.equal((await lstat(join(target, 'su'))).mode & 0o7777, 0o755)
})

test('a tar that breaks off or is none is called corrupt', async (t) => {
  const target = await folder(t)
  const whole: Uint8Array[] = []
  for await (const chunk of tarOf([{ name: 'a', content: 'x'.repeat(5000) }])) whole.push(chunk)
  const cut = Buffer.concat(whole).subarray(0, 2000)
  const noise = new Uint8Array(2048).fill(65)
  for (const bytes of [cut, noise]) {
    const source = (async function* () {
      yield bytes
    })()
    await assert.rejects(unpackTar(source, target), { code: 'corrupt' })
  }
})
