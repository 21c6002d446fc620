/** How the client reaches a node; passed in, so that the client runs wherever there are bytes to send. */
export type Transport = {
  readonly request: (request: TransportRequest) => Promise<TransportResponse>
  /** Asks for an interactive stream (`101 artel-stream`). */
  readonly upgrade: (path: string, signal: AbortSignal | undefined) => Promise<UpgradeAnswer>
}

export type TransportRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | AsyncIterable<Uint8Array> | undefined
  readonly signal?: AbortSignal | undefined
}

/** Throws ArtelError 'unavailable' when the node cannot be reached or the answer breaks off. */
export type TransportResponse = {
  readonly status: number
  readonly body: AsyncIterable<Uint8Array>
}

export type UpgradeAnswer =
  | { readonly kind: 'stream'; readonly stream: TransportStream }
  | ({ readonly kind: 'refused' } & TransportResponse)

export type TransportStream = {
  readonly incoming: AsyncIterable<Uint8Array>
  /** Resolves when there is room for more; never rejects for a stream that is gone. */
  readonly write: (bytes: Uint8Array) => Promise<void>
  readonly close: () => void
}
