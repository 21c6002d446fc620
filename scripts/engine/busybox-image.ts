import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { aptInstall } from './apt-install.ts'
import { mustRun } from './run-command.ts'
import { type TarEntry, writeTar } from './tar-writer.ts'

export const busyboxReference = 'artel-test/busybox:1'
const busyboxFile = '/bin/busybox'
const epoch = '1970-01-01T00:00:00Z'

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const rootEntries = async (): Promise<readonly TarEntry[]> => {
  const busybox = await readFile(busyboxFile)
  const list = await mustRun(busyboxFile, ['--list'], { timeoutMs: 10_000 })
  const applets = list.split('\n').filter((name) => name !== '' && name !== 'busybox')
  const directories = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'var']
  const passwd =
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n'
  return [
    ...directories.map((name): TarEntry => {
      return { type: 'directory', name, mode: name === 'tmp' ? 0o1777 : 0o755 }
    }),
    { type: 'file', name: 'bin/busybox', mode: 0o755, bytes: busybox },
    ...applets.map((name): TarEntry => {
      return { type: 'link', name: `bin/${name}`, mode: 0o755, linkname: 'bin/busybox' }
    }),
    { type: 'file', name: 'etc/passwd', mode: 0o644, bytes: Buffer.from(passwd) },
    {
      type: 'file',
      name: 'etc/group',
      mode: 0o644,
      bytes: Buffer.from('root:x:0:\nnogroup:x:65534:\n'),
    },
  ]
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/**
 * A `docker load` tar (about 1 MB) of Debian's static busybox: an OCI layout with a docker manifest beside
 * it, so that every engine and tool takes it. The bytes depend on the busybox binary and `reference` alone.
 */
export const busyboxImage = async (reference = busyboxReference): Promise<Buffer> => {
  if (!existsSync(busyboxFile)) await aptInstall(['busybox-static'], () => {})
  const layer = await writeTar(await rootEntries())
  const packed = gzipSync(layer, { level: 9 })
  const config = json({
    created: epoch,
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest(layer)}`] },
    history: [{ created: epoch, created_by: 'artel test image' }],
  })
  const describe = (kind: string, bytes: Buffer): object => ({
    mediaType: `application/vnd.oci.image.${kind}`,
    digest: `sha256:${digest(bytes)}`,
    size: bytes.length,
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: describe('config.v1+json', config),
    layers: [describe('layer.v1.tar+gzip', packed)],
  })
  const named = { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': '1' }
  const index = json({
    schemaVersion: 2,
    manifests: [{ ...describe('manifest.v1+json', manifest), annotations: named }],
  })
  const blobName = (bytes: Buffer): string => `blobs/sha256/${digest(bytes)}`
  const legacy = { Config: blobName(config), RepoTags: [reference], Layers: [blobName(packed)] }
  const file = (name: string, bytes: Buffer): TarEntry => ({
    type: 'file',
    name,
    mode: 0o644,
    bytes,
  })
  return writeTar([
    { type: 'directory', name: 'blobs', mode: 0o755 },
    { type: 'directory', name: 'blobs/sha256', mode: 0o755 },
    ...[config, packed, manifest].map((bytes) => file(blobName(bytes), bytes)),
    file('index.json', index),
    file('manifest.json', json([legacy])),
    file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
  ])
}

if (import.meta.main) {
  const [target = 'busybox.tar'] = process.argv.slice(2)
  await writeFile(target, await busyboxImage())
  console.error(`wrote ${busyboxReference} to ${target}; load it with: docker load -i ${target}`)
}
