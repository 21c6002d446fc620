import { createHash, timingSafeEqual } from 'node:crypto'
import { ArtelError } from '#core/errors'

/** Where a request came in, and with it who may. */
export type Door =
  /** A unix socket: the file mode is the permission. */
  | { readonly kind: 'socket' }
  /** A port of 127.0.0.1: anything on this machine can knock, a web page included. */
  | { readonly kind: 'port'; readonly token: string }

type Headers = { readonly host: string | undefined; readonly authorization: string | undefined }

/**
 * The reason to refuse a request, if there is one. A `Host` other than this machine means that a web page bound
 * its own name to 127.0.0.1 (DNS rebinding).
 */
export const refusalAtDoor = (door: Door, headers: Headers): ArtelError | undefined => {
  if (door.kind === 'socket') return undefined
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/.test(headers.host ?? '')) {
    return new ArtelError('unauthorized', 'header Host: expected 127.0.0.1 or localhost')
  }
  const given = /^Bearer (\S{1,512})$/.exec(headers.authorization ?? '')?.[1] ?? ''
  if (sameText(given, door.token)) return undefined
  return new ArtelError('unauthorized', 'the bearer token is missing or wrong', {
    hint: 'Send the header Authorization: Bearer TOKEN, with the token in the file api-token of the node.',
  })
}

const sameText = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
