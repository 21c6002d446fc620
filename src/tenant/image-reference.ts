import { ArtelError } from '#core/errors'

/** A reference as docker reads it, spelled out: `docker.io/library/debian:bookworm-slim`. */
export type NormalReference = {
  readonly domain: string
  readonly path: string
  readonly tag?: string
  /** `sha256:` and 64 digits. */
  readonly digest?: string
}

const hexId = /^(sha256:)?[0-9a-f]{12,64}$/
const pathPart = /^[a-z0-9]+((\.|_{1,2}|-+)[a-z0-9]+)*$/
const tagText = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const digestText = /^sha256:[0-9a-f]{64}$/
const domainText =
  /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:\d{1,5})?$/

/** Whether `text` may be an image id of an engine rather than a name. */
export const looksLikeImageId = (text: string): boolean => hexId.test(text)

const invalid = (text: string, why: string) =>
  new ArtelError('bad-request', `'${text}' is no image reference: ${why}`, {
    hint: 'Write it as for docker: [registry/]name[:tag][@sha256:digest].',
  })

const splitDomain = (name: string): { domain: string; path: string } => {
  const slash = name.indexOf('/')
  const head = slash === -1 ? '' : name.slice(0, slash)
  const isDomain = /[.:]/.test(head) || head === 'localhost' || head !== head.toLowerCase()
  if (!isDomain) {
    return { domain: 'docker.io', path: name.includes('/') ? name : `library/${name}` }
  }
  const domain = head === 'index.docker.io' ? 'docker.io' : head
  const path = name.slice(slash + 1)
  const official = domain === 'docker.io' && !path.includes('/')
  return { domain, path: official ? `library/${path}` : path }
}

/** Reads a reference by docker's rules (distribution/reference). Throws 'bad-request'. */
export const parseReference = (text: string): NormalReference => {
  const [named = '', digest, ...more] = text.split('@')
  if (more.length > 0) throw invalid(text, 'more than one @')
  if (digest !== undefined && !digestText.test(digest)) throw invalid(text, 'a bad digest')
  const colon = named.lastIndexOf(':')
  const hasTag = colon > named.lastIndexOf('/')
  const tag = hasTag ? named.slice(colon + 1) : undefined
  if (tag !== undefined && !tagText.test(tag)) throw invalid(text, 'a bad tag')
  const { domain, path } = splitDomain(hasTag ? named.slice(0, colon) : named)
  if (!domainText.test(domain)) throw invalid(text, 'a bad registry name')
  if (path.length > 255 || !path.split('/').every((part) => pathPart.test(part))) {
    throw invalid(text, 'a name has lower-case letters, digits, and . _ - between them')
  }
  return {
    domain,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }
}

/** Name and tag (`latest` where neither tag nor digest is given), digest last. */
export const formatReference = ({ domain, path, tag, digest }: NormalReference): string => {
  const label = tag ?? (digest === undefined ? 'latest' : undefined)
  const named = `${domain}/${path}${label === undefined ? '' : `:${label}`}`
  return digest === undefined ? named : `${named}@${digest}`
}

/** The name without tag and digest, spelled out. */
export const nameOf = ({ domain, path }: NormalReference): string => `${domain}/${path}`
