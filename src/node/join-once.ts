import { readFile } from 'node:fs/promises'
import { ArtelError } from '#core/errors'
import { apiErrorSchema } from '#protocol/api/common'
import { type HostJoin, hostJoinSchema, hostViewSchema } from '#protocol/api/node'
import type { Home } from './home.ts'

const timeoutMs = 30_000

/** Makes a running node sell, unless its owner has decided on that before. */
export const joinOnce = async (home: Home, request: HostJoin): Promise<void> => {
  const address = (await readFile(home.apiAddress, 'utf8')).trim()
  const token = (await readFile(home.apiToken, 'utf8')).trim()
  const ask = async (path: string, body?: string): Promise<unknown> => {
    const response = await fetch(`${address}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
    const answer: unknown = await response.json()
    if (response.ok) return answer
    const { error } = apiErrorSchema.parse(answer)
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    throw new ArtelError('unavailable', `${home.directory} cannot sell: ${error.message}`, hint)
  }
  const { state } = hostViewSchema.parse(await ask('/v1/host'))
  if (state !== 'absent') return
  await ask('/v1/host/join', JSON.stringify(hostJoinSchema.encode(request)))
}
