import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemorySpools } from '#adapters/memory/spools'
import { createDiskSpools } from '#adapters/spools-disk/spools'
import { spoolsSuite } from './spools.suite.ts'

spoolsSuite('disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'artel-spools-'))
  return {
    spools: await createDiskSpools({ directory }),
    reopen: () => createDiskSpools({ directory }),
    close: () => rm(directory, { recursive: true, force: true }),
  }
})

spoolsSuite('memory', async () => {
  const spools = createMemorySpools()
  return { spools, reopen: async () => spools, close: async () => {} }
})
