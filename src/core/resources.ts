/** What an instance gets, or what a host has to give. */
export type Resources = {
  /** Thousandths of a processor. */
  readonly cpuMilli: number
  readonly memoryBytes: number
  /** Writable disk: the container's own layer and its volumes together. */
  readonly diskBytes: number
  readonly gpus: number
}

export const noResources: Resources = { cpuMilli: 0, memoryBytes: 0, diskBytes: 0, gpus: 0 }

export const addResources = (a: Resources, b: Resources): Resources => ({
  cpuMilli: a.cpuMilli + b.cpuMilli,
  memoryBytes: a.memoryBytes + b.memoryBytes,
  diskBytes: a.diskBytes + b.diskBytes,
  gpus: a.gpus + b.gpus,
})

export const subtractResources = (a: Resources, b: Resources): Resources => ({
  cpuMilli: a.cpuMilli - b.cpuMilli,
  memoryBytes: a.memoryBytes - b.memoryBytes,
  diskBytes: a.diskBytes - b.diskBytes,
  gpus: a.gpus - b.gpus,
})

/** Which of `wanted`'s parts exceed `available`; empty when it fits. */
export const shortOf = (wanted: Resources, available: Resources): readonly (keyof Resources)[] => {
  const parts: readonly (keyof Resources)[] = ['cpuMilli', 'memoryBytes', 'diskBytes', 'gpus']
  return parts.filter((part) => wanted[part] > available[part])
}

export const fits = (wanted: Resources, available: Resources): boolean =>
  shortOf(wanted, available).length === 0

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
}

/** `"256m"`, `"1.5g"`, `"4096"` as docker reads them (binary units) -> bytes, or undefined. */
export const parseBytes = (text: string): number | undefined => {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim())
  if (match === null) return undefined
  const bytes = Math.floor(Number(match[1]) * (unitBytes[(match[2] ?? '').toLowerCase()] ?? 1))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** `"0.5"` processors -> 500, or undefined; at least one thousandth, at most 4096 processors. */
export const parseCpus = (text: string): number | undefined => {
  if (!/^\d{1,4}(\.\d{1,9})?$/.test(text.trim())) return undefined
  const milli = Math.round(Number(text) * 1000)
  return milli >= 1 && milli <= 4_096_000 ? milli : undefined
}

/** Bytes for people: `1.5 GiB`. */
export const formatBytes = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits).replace(/\.0$/, '')} ${units[unit]}`
}

/** Thousandths of a processor for people: `0.5`. */
export const formatCpus = (cpuMilli: number): string => String(cpuMilli / 1000)
