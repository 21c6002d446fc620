/** One line of the table: what was measured in this run, against what, and whether it meets its target. */
export type Measure = {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The peer or physical limit measured in the same run, in the same unit. */
  readonly reference?: number
  readonly referenceName?: string
  readonly target?: { readonly atMost: number } | { readonly atLeast: number }
  readonly note?: string
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export const met = (measure: Measure): boolean | undefined => {
  if (measure.target === undefined) return undefined
  return 'atMost' in measure.target
    ? measure.value <= measure.target.atMost
    : measure.value >= measure.target.atLeast
}

const digits = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(value < 1 ? 3 : 2)

const targetText = (measure: Measure): string => {
  if (measure.target === undefined) return ''
  return 'atMost' in measure.target
    ? `<= ${digits(measure.target.atMost)}`
    : `>= ${digits(measure.target.atLeast)}`
}

export const printTable = (measures: readonly Measure[]): void => {
  const rows = [
    ['MEASURE', 'VALUE', 'UNIT', 'TARGET', 'MET', 'REFERENCE', 'NOTE'],
    ...measures.map((measure) => {
      const verdict = met(measure)
      const reference =
        measure.reference === undefined
          ? ''
          : `${digits(measure.reference)} ${measure.referenceName ?? ''}`
      return [
        measure.name,
        digits(measure.value),
        measure.unit,
        targetText(measure),
        verdict === undefined ? '' : verdict ? 'yes' : 'NO',
        reference,
        measure.note ?? '',
      ]
    }),
  ]
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}
