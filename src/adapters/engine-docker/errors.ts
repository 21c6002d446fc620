import { ArtelError, type ErrorCode } from '#core/errors'

type Rule = readonly [pattern: RegExp, code: ErrorCode, hint?: string]

/** What the engine says in prose and nowhere else; the first match counts. */
const rules: readonly Rule[] = [
  [
    /no such image|manifest unknown|pull access denied|repository does not exist/i,
    'image-not-found',
  ],
  [
    /manifest for .* not found|reference does not exist|invalid reference format/i,
    'image-not-found',
  ],
  [/no matching manifest|does not match the specified platform/i, 'image-platform'],
  [/no space left on device|disk quota exceeded/i, 'out-of-disk'],
  [/could not select device driver/i, 'unsupported', 'install the NVIDIA container toolkit'],
  [/unknown runtime|unknown or invalid runtime name/i, 'unsupported'],
  [/cannot mkdir: .* is not a directory|no command specified/i, 'bad-request'],
  [/pool overlaps|already in use|already exists|conflicts with/i, 'conflict'],
  [/toomanyrequests/i, 'busy', 'the registry limits pulls: log in or wait'],
  [
    /no such host|connection refused|i\/o timeout|network is unreachable|TLS handshake/i,
    'unavailable',
  ],
]

/** How a process fails to begin; the words are those of dockerd, runc and crun. */
const startRules: readonly Rule[] = [
  [/unable to find (user|group)|no matching entries in|uids and gids must/i, 'bad-request'],
  [/chdir to cwd|mkdir .*: not a directory/i, 'bad-request'],
  [/exec format error/i, 'image-platform', 'the image is made for another processor'],
  [/permission denied|is a directory|not executable/i, 'not-executable'],
  [/executable file .*not found|no such file or directory/i, 'command-not-found'],
]

const byStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'bad-request',
  403: 'conflict',
  404: 'not-found',
  409: 'conflict',
  501: 'unsupported',
}

const find = (message: string, table: readonly Rule[]): Rule | undefined =>
  table.find(([pattern]) => pattern.test(message))

const refusal = (what: string, message: string, rule: Rule): ArtelError => {
  const [, code, hint] = rule
  return new ArtelError(code, `${what}: ${message}`, hint === undefined ? {} : { hint })
}

/** The engine's refusal as an ArtelError; `status` 0 is an error inside a progress stream. */
export const engineRefusal = (what: string, status: number, message: string): ArtelError => {
  const rule = find(message, rules)
  // The engine's id of the container says nothing to its tenant.
  const words = message.replace(/ in container [0-9a-f]{12,64}/, ' in the container')
  if (rule !== undefined) return refusal(what, words, rule)
  return new ArtelError(byStatus[status] ?? 'internal', `${what}: ${words}`)
}

/** A refusal to start a process, which may be the fault of its image or command. */
export const startRefusal = (error: ArtelError): ArtelError => {
  const aboutProcess = /exec|runtime create failed|container process|unable to find|uids and gids/i
  const rule = aboutProcess.test(error.message) ? find(error.message, startRules) : undefined
  if (rule === undefined) return error
  const [, code, hint] = rule
  return new ArtelError(code, processWords(error.message), hint === undefined ? {} : { hint })
}

/** What is wrong with the process, without the layers of the engine that pass it on. */
const processWords = (message: string): string =>
  message
    .replace(/^start \S+: /, '')
    .replace(/^.*unable to start container process: /s, '')
    .replace(/: unknown$/, '')

const unreachable = new Set(['ENOENT', 'ECONNREFUSED', 'EACCES', 'ECONNRESET', 'EPIPE', 'ENOTSOCK'])

/** A failed connection as an ArtelError; the signal's own reason where the signal was the cause. */
export const connectionFailure = (
  error: unknown,
  socketPath: string,
  signal: AbortSignal,
): unknown => {
  if (signal.aborted) return signal.reason
  if (error instanceof ArtelError || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (!unreachable.has(code)) return new ArtelError('internal', error.message, { cause: error })
  const hint =
    code === 'EACCES'
      ? 'let this user into the docker group, or run the node as root'
      : 'start Docker (sudo systemctl start docker) and try again'
  const message = `the container engine at ${socketPath} does not answer (${code})`
  return new ArtelError('unavailable', message, { hint, cause: error })
}
