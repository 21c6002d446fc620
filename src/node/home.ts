import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The folder of one node and what lies in it. */
export type Home = {
  readonly directory: string
  readonly config: string
  readonly network: string
  readonly key: string
  readonly database: string
  readonly socket: string
  readonly apiToken: string
  readonly apiAddress: string
  readonly pid: string
  readonly log: string
  readonly blobs: string
  readonly spools: string
  readonly volumes: string
}

/** Where state lies: the argument, else ARTEL_HOME, else ~/.artel. */
export const homeDirectory = (chosen?: string): string =>
  resolve(chosen ?? process.env.ARTEL_HOME ?? join(homedir(), '.artel'))

export const homeOf = (chosen?: string): Home => {
  const directory = homeDirectory(chosen)
  return {
    directory,
    config: join(directory, 'config.json'),
    network: join(directory, 'network.json'),
    key: join(directory, 'node.key'),
    database: join(directory, 'node.sqlite'),
    socket: join(directory, 'artel.sock'),
    apiToken: join(directory, 'api-token'),
    apiAddress: join(directory, 'api-address'),
    pid: join(directory, 'node.pid'),
    log: join(directory, 'node.log'),
    blobs: join(directory, 'blobs'),
    spools: join(directory, 'spools'),
    volumes: join(directory, 'volumes'),
  }
}
