import { ArtelError, isErrorCode } from '#core/errors'

/** An error as the API says it, as the ArtelError that it was; a code of a newer node becomes 'internal'. */
export const errorOf = (said: {
  readonly code?: unknown
  readonly message?: unknown
  readonly hint?: unknown
}): ArtelError =>
  new ArtelError(
    isErrorCode(said.code) ? said.code : 'internal',
    typeof said.message === 'string' ? said.message : 'the node answered an error without words',
    typeof said.hint === 'string' ? { hint: said.hint } : {},
  )

/** The error of an answer with a status from 400 on. */
export const errorOfAnswer = (status: number, text: string): ArtelError => {
  try {
    const said: unknown = JSON.parse(text)
    if (typeof said === 'object' && said !== null && 'error' in said) {
      const { error } = said
      if (typeof error === 'object' && error !== null) return errorOf(error)
    }
  } catch (cause) {
    return new ArtelError('internal', `the node answered ${status} without an error`, { cause })
  }
  return new ArtelError('internal', `the node answered ${status} without an error`)
}
