import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryVolumes } from '#adapters/memory/volumes'
import { createDiskVolumes } from '#adapters/volumes-disk/volumes'
import { volumesSuite } from './volumes.suite.ts'

volumesSuite('disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'artel-volumes-'))
  return {
    volumes: await createDiskVolumes({ directory }),
    reopen: () => createDiskVolumes({ directory }),
    close: () => rm(directory, { recursive: true, force: true }),
  }
})

volumesSuite('memory', async () => {
  const volumes = createMemoryVolumes()
  return { volumes, reopen: async () => volumes, close: async () => {} }
})
