import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
