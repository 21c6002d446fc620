import { createServer } from 'node:net'
import { join } from 'node:path'
import { z } from 'zod'
import { loadOrCreateKeyFile } from '#adapters/crypto-node/key-file'
import { createSigner } from '#adapters/crypto-node/signer'
import type { Signer } from '#ports/signer'
import { readJsonFile, writeJsonFile } from './files.ts'
import { type Home, homeOf } from './home.ts'

/** What a local cloud remembers between starts: where its processes listen. */
const layoutSchema = z.strictObject({
  version: z.literal(1),
  hosts: z.number().int().min(1).max(32),
  rpcPort: z.number().int(),
  hostPorts: z.array(z.number().int()).max(32),
})
export type LocalLayout = z.output<typeof layoutSchema>

export type LocalMember = {
  readonly name: string
  readonly home: Home
  readonly key: Uint8Array
  readonly signer: Signer
}

const layoutFile = (home: Home): string => join(home.directory, 'local', 'layout.json')
export const chainDirectory = (home: Home): string => join(home.directory, 'local', 'chain')
export const hostHome = (home: Home, index: number): Home =>
  homeOf(join(home.directory, 'local', `host-${index}`))

export const loadLayout = (home: Home): Promise<LocalLayout | undefined> =>
  readJsonFile<LocalLayout>(layoutFile(home), layoutSchema, 'the layout of the local cloud')

/**
 * The remembered layout with `hosts` hosts. New ports come from the system, where none are remembered or they
 * are taken: fixed ones would collide when two clouds start at once.
 */
export const planLayout = async (home: Home, hosts: number): Promise<LocalLayout> => {
  const known = await loadLayout(home)
  const taken = new Set<number>()
  const choose = async (port: number | undefined): Promise<number> => {
    const chosen = port !== undefined && (await isFree(port)) ? port : await freePort(taken)
    taken.add(chosen)
    return chosen
  }
  const rpcPort = await choose(known?.rpcPort)
  const hostPorts: number[] = []
  for (let index = 0; index < hosts; index += 1) {
    hostPorts.push(await choose(known?.hostPorts[index]))
  }
  const layout: LocalLayout = { version: 1, hosts, rpcPort, hostPorts }
  await writeJsonFile<LocalLayout>(layoutFile(home), layoutSchema, layout)
  return layout
}

/** The tenant (the home itself) and the hosts, each with its own key. */
export const loadMembers = async (
  home: Home,
  hosts: number,
): Promise<{ readonly tenant: LocalMember; readonly hosts: readonly LocalMember[] }> => {
  const member = async (name: string, where: Home): Promise<LocalMember> => {
    const key = await loadOrCreateKeyFile(where.key)
    return { name, home: where, key, signer: createSigner(key) }
  }
  const tenant = await member('tenant', home)
  const members: LocalMember[] = []
  for (let index = 1; index <= hosts; index += 1) {
    members.push(await member(`host-${index}`, hostHome(home, index)))
  }
  return { tenant, hosts: members }
}

const listenOn = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      const chosen = address !== null && typeof address === 'object' ? address.port : undefined
      server.close(() => resolve(chosen))
    })
  })

const isFree = async (port: number): Promise<boolean> => (await listenOn(port)) !== undefined

const freePort = async (taken: ReadonlySet<number>): Promise<number> => {
  while (true) {
    const port = await listenOn(0)
    if (port !== undefined && !taken.has(port)) return port
  }
}
