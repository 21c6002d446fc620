const ctrlP = 0x10
const ctrlQ = 0x11

export type Keys = { readonly bytes: Uint8Array; readonly detach: boolean }

/** Finds Ctrl-P Ctrl-Q in what is typed, across chunks: a lone Ctrl-P is held back until the next key. */
export const createDetachKeys = (): ((chunk: Uint8Array) => Keys) => {
  let held = false
  return (chunk) => {
    const bytes: number[] = []
    for (const key of chunk) {
      if (held && key === ctrlQ) return { bytes: Uint8Array.from(bytes), detach: true }
      if (held) bytes.push(ctrlP)
      held = key === ctrlP
      if (!held) bytes.push(key)
    }
    return { bytes: Uint8Array.from(bytes), detach: false }
  }
}
