import { http, webSocket } from 'viem'
import { z } from 'zod'
import { ArtelError } from '#core/errors'
import { parseAddress, parseHash32 } from '#core/ids'

/** What an endpoint answered: a result, or its own refusal. */
export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly message: string; readonly data: unknown }

/** One JSON-RPC endpoint. Throws 'unavailable' when it does not answer in time, and the signal's reason. */
export type Rpc = {
  readonly ask: (
    method: string,
    params: readonly unknown[],
    signal: AbortSignal,
  ) => Promise<RpcAnswer>
  /** The result, parsed; a refusal of the endpoint is 'unavailable', an answer that does not parse 'corrupt'. */
  readonly read: <T>(
    method: string,
    params: readonly unknown[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ) => Promise<T>
}

export const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,64}$/i)
  .transform((text) => BigInt(text))
export const smallQuantity = quantity
  .refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER))
  .transform(Number)
export const hash = z.string().transform((text, context) => {
  const parsed = parseHash32(text)
  if (parsed !== undefined) return parsed
  context.addIssue('expected 32 bytes')
  return z.NEVER
})
export const account = z.string().transform((text, context) => {
  const parsed = parseAddress(text)
  if (parsed !== undefined) return parsed
  context.addIssue('expected an address')
  return z.NEVER
})
export const hexData = z.custom<`0x${string}`>(
  (value) => typeof value === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(value),
)

const refusalSchema = z.object({
  name: z.literal('RpcRequestError'),
  details: z.string(),
  data: z.unknown().optional(),
})

/** The endpoint's own words inside an error of viem, or undefined when it did not answer. */
const refusalIn = (error: unknown): RpcAnswer | undefined => {
  for (let at = error; at instanceof Error; at = at.cause) {
    const parsed = refusalSchema.safeParse({ ...at, name: at.name })
    if (parsed.success) {
      return { ok: false, message: parsed.data.details, data: parsed.data.data }
    }
  }
  return undefined
}

/** Waits for `work` no longer than until the signal aborts. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    const over = () => signal.removeEventListener('abort', onAbort)
    work.then(resolve, reject).finally(over)
  })

const openTransport = (rpcUrl: string, timeoutMs: number, lifetime: AbortSignal) => {
  if (!rpcUrl.startsWith('ws')) {
    return http(rpcUrl, { timeout: timeoutMs, retryCount: 0 })({ retryCount: 0 }).request
  }
  const socket = webSocket(rpcUrl, { timeout: timeoutMs, retryCount: 0 })({ retryCount: 0 })
  const close = () => {
    socket.value?.getRpcClient().then(
      (client) => client.close(),
      () => undefined, // It never opened: nothing to close.
    )
  }
  lifetime.addEventListener('abort', close, { once: true })
  return socket.request
}

/**
 * What endpoints say when the newest block changed between naming it and reading its state: the question is
 * sound and is asked again of the block that is newest now. anvil that prunes, geth, and balanced clusters.
 */
const staleHead = /BlockOutOfRange|header not found|missing trie node|unknown block/i
const staleReadsMax = 5

/** An endpoint over http(s) or ws(s); a socket closes when `lifetime` aborts. */
export const openRpc = (rpcUrl: string, timeoutMs: number, lifetime: AbortSignal): Rpc => {
  const host = new URL(rpcUrl).host
  const request = openTransport(rpcUrl, timeoutMs, lifetime)
  const ask: Rpc['ask'] = async (method, params, signal) => {
    signal.throwIfAborted()
    try {
      return { ok: true, result: await unlessAborted(request({ method, params }), signal) }
    } catch (cause) {
      signal.throwIfAborted()
      const refusal = refusalIn(cause)
      if (refusal !== undefined) return refusal
      throw new ArtelError('unavailable', `the chain at ${host} does not answer ${method}`, {
        cause,
        hint: 'Check the rpcUrl of the network and that its node runs.',
      })
    }
  }
  return {
    ask,
    read: async (method, params, schema, signal) => {
      let answer = await ask(method, params, signal)
      for (let tries = 1; !answer.ok && staleHead.test(answer.message); tries += 1) {
        if (tries >= staleReadsMax) break
        answer = await ask(method, params, signal)
      }
      if (!answer.ok) {
        throw new ArtelError(
          'unavailable',
          `the chain at ${host} refuses ${method}: ${answer.message}`,
        )
      }
      const parsed = schema.safeParse(answer.result)
      if (parsed.success) return parsed.data
      throw new ArtelError(
        'corrupt',
        `the chain at ${host} answers ${method} with something else`,
        {
          cause: parsed.error,
        },
      )
    },
  }
}
