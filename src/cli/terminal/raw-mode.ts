/** Hands every key to the program instead of the shell's line editing; the returned function undoes it. */
export const enterRawMode = (stdin: NodeJS.ReadStream): (() => void) => {
  if (stdin.isTTY !== true || stdin.isRaw) return () => undefined
  stdin.setRawMode(true)
  let raw = true
  const restore = (): void => {
    if (!raw) return
    raw = false
    process.off('exit', restore)
    stdin.setRawMode(false)
  }
  // Whatever ends the process, the shell gets its terminal back as it was.
  process.on('exit', restore)
  return restore
}

/** Calls `change` with the size now and whenever it changes; the returned function ends that. */
export const watchSize = (
  terminal: NodeJS.WriteStream,
  change: (columns: number, rows: number) => void,
): (() => void) => {
  if (terminal.isTTY !== true) return () => undefined
  const tell = (): void => {
    // A terminal that does not know its size says 0.
    if (terminal.columns > 0 && terminal.rows > 0) change(terminal.columns, terminal.rows)
  }
  tell()
  terminal.on('resize', tell)
  return () => void terminal.off('resize', tell)
}
