/** A path of a command line that may be in a run: `web:/etc/hosts`, `./file`, or `-` for a tar stream. */
export type CpPlace =
  | { readonly kind: 'run'; readonly name: string; readonly path: string }
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'stream' }

/** As `docker cp` reads its arguments: what begins with `/` or `.` is local, else the first colon divides. */
export const parseCpPlace = (text: string): CpPlace => {
  if (text === '-') return { kind: 'stream' }
  const colon = text.indexOf(':')
  if (text.startsWith('/') || text.startsWith('.') || colon < 1) {
    return { kind: 'local', path: text }
  }
  const path = text.slice(colon + 1)
  return {
    kind: 'run',
    name: text.slice(0, colon),
    path: path.startsWith('/') ? path : `/${path}`,
  }
}

export type InputPlace = { readonly source: string; readonly target: string }

/** `./dir:/in`: a local path and where it stands in the container. The last `:/` divides. */
export const parseInputPlace = (text: string): InputPlace | undefined => {
  const at = text.lastIndexOf(':/')
  if (at < 1) return undefined
  const target = text.slice(at + 1)
  return isSound(target) ? { source: text.slice(0, at), target } : undefined
}

export type OutputPlace = { readonly path: string; readonly destination: string }

/** `/out:./here`: a path of the container and where it goes. The first colon divides. */
export const parseOutputPlace = (text: string): OutputPlace | undefined => {
  const at = text.indexOf(':')
  const path = text.slice(0, at)
  const destination = text.slice(at + 1)
  if (at < 2 || destination === '' || !isSound(path)) return undefined
  return { path, destination }
}

const isSound = (path: string): boolean =>
  /^\/[^\0]+$/.test(path) && !path.split('/').includes('..')
