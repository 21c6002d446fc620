/** A directory of fixed size on the host that containers mount. */
export type Volume = {
  readonly id: string
  /** What the engine binds: an absolute path of the engine's machine. */
  readonly path: string
}

export type TarLimits = { readonly bytesMax: number; readonly entriesMax: number }

/**
 * Sized directories that the node itself reads and writes, whatever the container does in them meanwhile:
 * no path in a tar and no link in the volume ever leads outside. Directories inside a volume are named by
 * relative paths of [A-Za-z0-9._-]+ parts. Errors: 'bad-request' (a tar with a bad path or kind of entry),
 * 'too-large', 'out-of-disk', 'not-found'.
 */
export type Volumes = {
  /** True where `sizeBytes` is enforced by the kernel (loop-mounted ext4; needs root). */
  readonly sized: boolean
  readonly create: (id: string, sizeBytes: number, signal: AbortSignal) => Promise<Volume>
  readonly open: (id: string) => Promise<Volume | undefined>
  /** Idempotent; unmounts. */
  readonly remove: (id: string, signal: AbortSignal) => Promise<void>
  readonly ids: () => Promise<readonly string[]>
  /** Makes `directory` (and parents) with `mode`. */
  readonly makeDirectory: (volume: Volume, directory: string, mode: number) => Promise<void>
  /** Unpacks a tar below `directory`, which must exist. */
  readonly unpack: (
    volume: Volume,
    directory: string,
    tar: AsyncIterable<Uint8Array>,
    limits: TarLimits,
    signal: AbortSignal,
  ) => Promise<void>
  /** Packs what lies below `directory`, names relative to it; an empty directory gives an empty tar. */
  readonly pack: (
    volume: Volume,
    directory: string,
    signal: AbortSignal,
  ) => AsyncIterable<Uint8Array>
  readonly writeFile: (
    volume: Volume,
    path: string,
    bytes: Uint8Array,
    mode: number,
  ) => Promise<void>
  /** Undefined where no regular file lies; 'too-large' beyond `bytesMax`. */
  readonly readFile: (
    volume: Volume,
    path: string,
    bytesMax: number,
  ) => Promise<Uint8Array | undefined>
  /** True when `directory` holds at least one entry. */
  readonly holdsAnything: (volume: Volume, directory: string) => Promise<boolean>
  readonly removeDirectory: (volume: Volume, directory: string) => Promise<void>
  /** Removes what lies in `directory`, not itself: a container may have it mounted. */
  readonly emptyDirectory: (volume: Volume, directory: string) => Promise<void>
}
