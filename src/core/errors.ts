/** What can go wrong, each a stable word that programs may match on. */
export const errorCodes = [
  'bad-request', // input that meets no schema or limit
  'unauthorized',
  'not-found',
  'conflict', // a name taken, an idempotency key reused for another request, a state that forbids it
  'too-large',
  'busy', // a bound is reached: try again later
  'timeout',
  'cancelled',
  'unavailable', // daemon, engine, chain or peer cannot be reached
  'no-match', // no host fits the wishes
  'price', // cheaper than any host sells
  'balance', // vault balance too low
  'gas', // the account cannot pay for a transaction
  'reverted', // the contract refused
  'wrong-chain', // chain id or contract does not match the network
  'image-not-found',
  'image-platform',
  'command-not-found',
  'not-executable',
  'out-of-memory',
  'out-of-disk',
  'refused', // a host's own rules say no
  'host-lost',
  'interrupted',
  'corrupt', // data on disk or from a peer that does not parse or verify
  'unsupported',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export const isErrorCode = (code: unknown): code is ErrorCode =>
  errorCodes.some((known) => known === code)

export type ErrorDetails = {
  /** What to do about it, in one sentence. */
  readonly hint?: string
  readonly cause?: unknown
}

/** The one error that crosses a layer: stable code, short message, cause, and a hint what to do. */
export class ArtelError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ArtelError'
    this.code = code
    this.hint = details.hint
  }
}

/** Any thrown value as an ArtelError; an unknown one becomes `internal` and keeps its cause. */
export const toArtelError = (error: unknown): ArtelError => {
  if (error instanceof ArtelError) return error
  if (error instanceof Error && error.name === 'AbortError') {
    return new ArtelError('cancelled', 'cancelled', { cause: error })
  }
  const message = error instanceof Error ? error.message : String(error)
  return new ArtelError('internal', message, { cause: error })
}
