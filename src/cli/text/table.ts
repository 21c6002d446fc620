export type Column<T> = readonly [header: string, cell: (row: T) => string]

/** Rows under a header, columns aligned as docker's tables are. */
export const formatTable = <T>(columns: readonly Column<T>[], rows: readonly T[]): string => {
  const lines = [
    columns.map(([header]) => header),
    ...rows.map((row) => columns.map(([, cell]) => plain(cell(row)))),
  ]
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((cells) => cells[index]?.length ?? 0)),
  )
  return lines
    .map((cells) =>
      cells
        .map((cell, index) => (index === cells.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** What strangers wrote (names, regions, models) must not steer the terminal. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?')

/** The first digits of an id, or all. */
export const shortId = (id: string, whole: boolean): string => (whole ? id : id.slice(0, 12))
