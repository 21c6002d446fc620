import { ArtelError } from '#core/errors'
import type { PeerId } from '#core/ids'

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')

/** What libp2p threw while reaching `peer`, in our words; an abort keeps the signal's own reason. */
export const reachError = (
  error: unknown,
  peer: PeerId,
  protocol: string,
  signal: AbortSignal,
): unknown => {
  if (signal.aborted) return signal.reason
  if (error instanceof ArtelError) return error
  if (nameOf(error) === 'UnsupportedProtocolError') {
    return new ArtelError('unsupported', `peer ${peer} does not speak ${protocol}`, {
      cause: error,
      hint: 'The peer runs another version or another role.',
    })
  }
  if (nameOf(error) === 'NoValidAddressesError') {
    return new ArtelError('unavailable', `no address of peer ${peer} is known`, { cause: error })
  }
  return new ArtelError('unavailable', `peer ${peer} cannot be reached`, {
    cause: error,
    hint: 'It may be offline, or behind a firewall that lets no connection in.',
  })
}

/** Why a network could not listen, with the addresses that libp2p names. */
export const listenError = (error: unknown, listen: readonly string[]): ArtelError => {
  if (error instanceof ArtelError) return error
  const text = error instanceof Error ? error.message : String(error)
  const refused = listen.filter((address) => text.includes(address))
  const where = (refused.length === 0 ? listen : refused).join(', ')
  if (/EADDRINUSE/.test(text)) {
    return new ArtelError('unavailable', `cannot listen on ${where}: the port is in use`, {
      cause: error,
      hint: 'Stop the program that uses the port (perhaps another node) or choose another port.',
    })
  }
  return new ArtelError('unavailable', `cannot listen on ${where}`, {
    cause: error,
    hint: 'Check that the address belongs to this machine and that the port is allowed.',
  })
}
