import type { ArtelError } from '#core/errors'

/** An error in words for people: what is wrong, then what to do about it. */
export const errorText = (error: ArtelError): string => {
  const lines = [`artel: ${error.message}`]
  if (error.hint !== undefined) lines.push(error.hint)
  if (error.code === 'internal' && process.env.ARTEL_DEBUG !== undefined) {
    lines.push(String(error.cause instanceof Error ? error.cause.stack : error.stack))
  }
  return `${lines.join('\n')}\n`
}
