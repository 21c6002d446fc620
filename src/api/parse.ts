import type { z } from 'zod'
import { ArtelError } from '#core/errors'

/**
 * `value` by `schema`. Throws 'bad-request' that names `where`, the field's path and what was expected there;
 * the first three problems are told.
 */
export const parse = <T>(schema: z.ZodType<T>, value: unknown, where: string): T => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.slice(0, 3).map((issue) => {
    const path = issue.path.map(String).join('.')
    return path === '' ? lower(issue.message) : `${path}: ${lower(issue.message)}`
  })
  throw new ArtelError('bad-request', `${where}: ${problems.join('; ')}`.slice(0, 1000), {
    hint: 'GET /openapi.json says what each route takes.',
  })
}

export const parseJson = (text: string): unknown => {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'no JSON'
    throw new ArtelError('bad-request', `the body is no JSON: ${why.slice(0, 200)}`, { cause })
  }
}

const lower = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)
