import { ArtelError, type ErrorCode } from '#core/errors'

const codes: Readonly<Record<ErrorCode, true>> = {
  'bad-request': true,
  unauthorized: true,
  'not-found': true,
  conflict: true,
  'too-large': true,
  busy: true,
  timeout: true,
  cancelled: true,
  unavailable: true,
  'no-match': true,
  price: true,
  balance: true,
  gas: true,
  reverted: true,
  'wrong-chain': true,
  'image-not-found': true,
  'image-platform': true,
  'command-not-found': true,
  'not-executable': true,
  'out-of-memory': true,
  'out-of-disk': true,
  refused: true,
  'host-lost': true,
  interrupted: true,
  corrupt: true,
  unsupported: true,
  internal: true,
}

const isCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(codes, code)

/** An error as the API says it, as the ArtelError that it was; a code of a newer node becomes 'internal'. */
export const errorOf = (said: {
  readonly code?: unknown
  readonly message?: unknown
  readonly hint?: unknown
}): ArtelError =>
  new ArtelError(
    isCode(said.code) ? said.code : 'internal',
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
