import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TokenInfo } from '#core/money'
import type { Client } from '#sdk/client'

/** What every command works with. */
export type Context = {
  readonly home: string
  readonly json: boolean
  /** The client of the node; made when first asked for. */
  readonly client: () => Promise<Client>
  /** How the token of the node's network is written. */
  readonly token: () => Promise<TokenInfo>
}

export const createContext = (options: {
  readonly home: string | undefined
  readonly json: boolean
}): Context => {
  const home = resolve(options.home ?? process.env.ARTEL_HOME ?? join(homedir(), '.artel'))
  let client: Promise<Client> | undefined
  let token: Promise<TokenInfo> | undefined
  const connect = async (): Promise<Client> => {
    const [{ createClient }, { createHttpTransport }] = await Promise.all([
      import('#sdk/client'),
      import('./transport.ts'),
    ])
    return createClient(await createHttpTransport({ home, host: process.env.ARTEL_HOST }))
  }
  const askToken = async (): Promise<TokenInfo> => {
    const { chain } = await (await context.client()).node.status()
    return chain.token
  }
  const context: Context = {
    home,
    json: options.json,
    client: () => {
      client ??= connect()
      return client
    },
    token: () => {
      token ??= askToken()
      return token
    },
  }
  return context
}
