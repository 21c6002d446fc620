import { formatBytes } from '#core/resources'

/** One line on a terminal's standard error that is written over; nothing where there is no terminal. */
export type Progress = {
  readonly show: (text: string) => void
  readonly bytes: (what: string, done: number, total: number) => void
  readonly clear: () => void
}

const barWidth = 24
const everyMs = 80

export const createProgress = (stream: NodeJS.WriteStream = process.stderr): Progress => {
  let shown = false
  let lastMs = 0
  const show = (text: string): void => {
    if (stream.isTTY !== true) return
    stream.write(`\r\x1b[2K${text.slice(0, Math.max(10, (stream.columns ?? 80) - 1))}`)
    shown = true
  }
  return {
    show,
    bytes: (what, done, total) => {
      const now = performance.now()
      if (done < total && now - lastMs < everyMs) return
      lastMs = now
      show(`${what} ${bar(done, total)} ${formatBytes(done)} / ${formatBytes(total)}`)
    },
    clear: () => {
      if (shown) stream.write('\r\x1b[2K')
      shown = false
    },
  }
}

export const bar = (done: number, total: number): string => {
  const filled = total === 0 ? barWidth : Math.min(barWidth, Math.floor((done / total) * barWidth))
  return `[${'='.repeat(filled)}${' '.repeat(barWidth - filled)}]`
}
