import type { PeerId } from '#core/ids'
import type { PeerAddress } from '#ports/network'

/** Where peers may be dialled: at most `peersMax` peers, those learnt last; `addressesMax` for each. */
export type AddressBook = {
  readonly learn: (address: PeerAddress) => void
  readonly of: (peer: PeerId) => readonly string[]
}

export const createAddressBook = (
  isValid: (address: string) => boolean,
  peersMax: number,
  addressesMax: number,
): AddressBook => {
  const book = new Map<PeerId, readonly string[]>()
  return {
    learn: ({ peer, addresses }) => {
      const valid = addresses.filter(isValid)
      if (valid.length === 0) return
      const known = book.get(peer) ?? []
      book.delete(peer)
      book.set(peer, [...new Set([...valid, ...known])].slice(0, addressesMax))
      const oldest = book.keys().next()
      if (book.size > peersMax && oldest.done === false) book.delete(oldest.value)
    },
    of: (peer) => book.get(peer) ?? [],
  }
}
