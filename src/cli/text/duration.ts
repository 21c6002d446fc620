const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `"30s"`, `"5m"`, `"1h30m"`, `"1.5h"`, or a number of seconds -> milliseconds, or undefined. */
export const parseDuration = (text: string): number | undefined => {
  if (/^\d{1,12}(\.\d{1,6})?$/.test(text)) return Number(text) * 1000
  if (!/^(\d{1,12}(\.\d{1,6})?(ms|s|m|h|d))+$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)
  return [...parts].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0),
    0,
  )
}

export const parseSeconds = (text: string): number | undefined => {
  const ms = parseDuration(text)
  return ms === undefined ? undefined : ms / 1000
}

/** Whole seconds, as `stop -t` takes them. */
export const parseWholeSeconds = (text: string): number | undefined => {
  const seconds = parseSeconds(text)
  return seconds === undefined ? undefined : Math.ceil(seconds)
}

/** A moment as `logs --since` takes it: RFC 3339, Unix seconds, or a duration before now; Unix milliseconds. */
export const parseSince = (text: string, nowMs: number): number | undefined => {
  if (/^\d{9,12}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000
  const ago = parseDuration(text)
  if (ago !== undefined) return Math.max(0, nowMs - ago)
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

/** A span for people, as docker says it: `5 minutes`. */
export const formatSpan = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 1) return 'Less than a second'
  if (seconds < 60) return plural(seconds, 'second')
  if (seconds < 3600) return plural(Math.floor(seconds / 60), 'minute')
  if (seconds < 48 * 3600) return plural(Math.floor(seconds / 3600), 'hour')
  return plural(Math.floor(seconds / 86_400), 'day')
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`
