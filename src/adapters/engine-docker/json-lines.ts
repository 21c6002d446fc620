import type { Readable } from 'node:stream'
import { ArtelError } from '#core/errors'

const lineCharsMax = 1024 * 1024

/** The JSON values of a progress stream, one per line. */
export async function* jsonLines(stream: Readable): AsyncGenerator<unknown> {
  let rest = ''
  stream.setEncoding('utf8')
  for await (const text of stream) {
    rest += String(text)
    if (rest.length > lineCharsMax) throw new ArtelError('too-large', 'an engine line is too long')
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line)
  }
  if (rest.trim() !== '') yield JSON.parse(rest)
}
