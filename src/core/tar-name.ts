const depthMax = 128
const nameMax = 4096
const partBytesMax = 255

const isPart = (part: string): boolean =>
  part !== '' && part !== '.' && part !== '..' && part.length <= partBytesMax

/**
 * The parts of a name in a tar, relative to where it is unpacked; `./` and trailing slashes are dropped, the
 * root itself is the empty list. Undefined for what leads outside or is too long or deep.
 */
export const parseTarName = (name: string): readonly string[] | undefined => {
  if (name.length > nameMax || name.startsWith('/') || name.includes('\0')) return undefined
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  return parts.length <= depthMax && parts.every(isPart) ? parts : undefined
}

/**
 * The parts of a directory or file inside a volume as the node names it: [A-Za-z0-9._-]+ joined by slashes;
 * the empty name is the volume's root. Undefined for anything else.
 */
export const parseVolumePath = (path: string): readonly string[] | undefined => {
  if (path === '') return []
  const parts = path.split('/')
  const isSound = (part: string): boolean => isPart(part) && /^[A-Za-z0-9._-]+$/.test(part)
  return path.length <= nameMax && parts.length <= depthMax && parts.every(isSound)
    ? parts
    : undefined
}
