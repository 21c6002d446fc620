import { type ArtelError, toArtelError } from '#core/errors'
import type { ApiError } from '#protocol/api/common'
import { httpStatus } from './http-status.ts'

/** The outer form of an error: what clients see of it, without causes and stacks. */
export const apiErrorOf = (error: ArtelError): ApiError => ({
  error: {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  },
})

/** Any thrown value as a response. */
export const errorResponse = (thrown: unknown): Response => {
  const error = toArtelError(thrown)
  return new Response(JSON.stringify(apiErrorOf(error)), {
    status: httpStatus[error.code],
    headers: { 'content-type': 'application/json' },
  })
}
