import { defineCommand } from '#cli/command'
import { switchFlag, valueFlag } from '#cli/flags/flag'
import { err, out, printJsonLine } from '#cli/print'
import { parseSince } from '#cli/text/duration'
import { wholeNumber } from '#cli/text/numbers'

const lines = wholeNumber(0, 1_000_000)

export const command = defineCommand({
  usage: 'logs [flags] RUN',
  summary: 'Print what a run has said, stdout and stderr apart',
  examples: ['artel logs -f --tail 100 web', 'artel logs --since 10m --timestamps web'],
  flags: {
    follow: switchFlag('Go on until the run ends', 'f'),
    tail: valueFlag('NUMBER|all', 'Only the last lines', {
      short: 'n',
      read: (text): number | 'all' | undefined => (text === 'all' ? text : lines(text)),
      expected: 'expected a number or all',
    }),
    since: valueFlag('TIME', 'Only what came after, such as 10m or 2026-01-31T12:00:00Z', {
      read: (text) => parseSince(text, Date.now()),
      expected: 'expected a time such as 10m or 2026-01-31T12:00:00Z',
    }),
    timestamps: switchFlag('Say when each line came', 't'),
  },
  args: { min: 1, max: 1 },
  run: async (context, flags, [name = '']) => {
    const client = await context.client()
    const stamp = { stdout: createStamper(), stderr: createStamper() }
    const tail = flags.tail === 'all' ? undefined : flags.tail
    const query = { follow: flags.follow, tail, sinceMs: flags.since }
    for await (const { stream, atMs, bytes } of client.runs.logs(name, query)) {
      if (context.json) {
        const text = Buffer.from(bytes).toString('base64')
        await printJsonLine({ stream, at: new Date(atMs).toISOString(), base64: text })
        continue
      }
      const data = flags.timestamps ? stamp[stream](bytes, atMs) : bytes
      await (stream === 'stdout' ? out(data) : err(data))
    }
    return 0
  },
})

/** Puts the time before each line, also where chunks end in the middle of one. */
export const createStamper = (): ((bytes: Uint8Array, atMs: number) => Uint8Array) => {
  let atLineStart = true
  return (bytes, atMs) => {
    const stamp = Buffer.from(`${new Date(atMs).toISOString()} `)
    const parts: Uint8Array[] = []
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(10, at)
      const end = newline === -1 ? bytes.length : newline + 1
      if (atLineStart) parts.push(stamp)
      parts.push(bytes.subarray(at, end))
      atLineStart = newline !== -1
      at = end
    }
    return Buffer.concat(parts)
  }
}
