import type { ErrorCode } from '#core/errors'

/** The HTTP status that stands for each error code: the one place where they meet. */
export const httpStatus = {
  'bad-request': 400,
  unauthorized: 401,
  balance: 402,
  gas: 402,
  refused: 403,
  'not-found': 404,
  conflict: 409,
  'wrong-chain': 409,
  'too-large': 413,
  'no-match': 422,
  price: 422,
  reverted: 422,
  'image-not-found': 422,
  'image-platform': 422,
  'command-not-found': 422,
  'not-executable': 422,
  'out-of-memory': 422,
  busy: 429,
  /** As nginx says it: the client closed the request. */
  cancelled: 499,
  internal: 500,
  corrupt: 500,
  unsupported: 501,
  'host-lost': 502,
  unavailable: 503,
  interrupted: 503,
  timeout: 504,
  'out-of-disk': 507,
} as const satisfies Record<ErrorCode, number>
