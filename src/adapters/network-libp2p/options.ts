import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { CODE_P2P, multiaddr } from '@multiformats/multiaddr'
import { ArtelError } from '#core/errors'
import { type PeerId, parsePeerId } from '#core/ids'
import type { Log } from '#ports/log'
import type { Libp2pBounds } from './create.ts'

export type Libp2pOptions = {
  /** The node's secp256k1 key, 32 bytes. */
  readonly signerPrivateKey: Uint8Array
  /** Multiaddrs to listen on; none = dial only. */
  readonly listen: readonly string[]
  /** Multiaddrs that end in /p2p/<peer>; kept connected while the network runs. */
  readonly bootstrap: readonly string[]
  /** Multiaddrs to tell others instead of those listened on. */
  readonly announce?: readonly string[]
  readonly bounds?: Partial<Libp2pBounds>
  readonly log?: Log
}

/** A secp256k1 key from its 32 bytes; throws 'bad-request'. */
export const parseKey = (bytes: Uint8Array): PrivateKey => {
  if (bytes.byteLength !== 32) {
    throw new ArtelError('bad-request', `a node key has 32 bytes, not ${bytes.byteLength}`)
  }
  return privateKeyFromRaw(bytes)
}

export const isMultiaddr = (text: string): boolean => {
  try {
    multiaddr(text)
    return true
  } catch {
    return false // what multiaddr() throws says only that the text is none
  }
}

/** The same texts, all of them multiaddrs; throws 'bad-request'. */
export const parseAddresses = (what: string, texts: readonly string[]): readonly string[] => {
  for (const text of texts) {
    if (!isMultiaddr(text)) {
      throw new ArtelError('bad-request', `${what} address ${text} is no multiaddr`, {
        hint: 'Write it like /ip4/192.0.2.1/tcp/4101.',
      })
    }
  }
  return texts
}

/** A multiaddr that ends in the peer that must answer there; throws 'bad-request'. */
export const parseBootstrap = (
  text: string,
): { readonly peer: PeerId; readonly address: string } => {
  const parts = multiaddr(text).getComponents()
  const last = parts.at(-1)
  const peer = last?.code === CODE_P2P ? parsePeerId(last.value ?? '') : undefined
  if (peer === undefined) {
    throw new ArtelError('bad-request', `bootstrap address ${text} names no peer`, {
      hint: 'It ends in /p2p/ and the peer id that `artel node` of that machine shows.',
    })
  }
  return { peer, address: text }
}
