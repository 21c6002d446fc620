import { readFile } from 'node:fs/promises'
import { ArtelError } from '#core/errors'
import { apiErrorSchema } from '#protocol/api/common'
import type { Home } from './home.ts'

const timeoutMs = 30_000

/** Asks the running node of a home through its guarded port; `body` makes it a POST. Throws 'unavailable'. */
export const askNode = async (home: Home, path: string, body?: string): Promise<unknown> => {
  const address = (await readFile(home.apiAddress, 'utf8')).trim()
  const token = (await readFile(home.apiToken, 'utf8')).trim()
  const response = await fetch(`${address}${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined ? {} : { method: 'POST', body }),
  })
  const answer: unknown = await response.json()
  if (response.ok) return answer
  const { error } = apiErrorSchema.parse(answer)
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  throw new ArtelError('unavailable', `the node of ${home.directory}: ${error.message}`, hint)
}
