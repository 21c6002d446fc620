import { readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** Processor seconds (user and system) that a process has used, from /proc (Linux, USER_HZ 100). */
export const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

const status = (pid: number, name: string): number => {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )
  return Number(line?.[1] ?? 0) / 1024
}

export const rssMib = (pid: number): number => status(pid, 'VmRSS')
/** The most it ever held. */
export const peakRssMib = (pid: number): number => status(pid, 'VmHWM')
