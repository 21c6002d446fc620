import { z } from 'zod'
import { ArtelError } from '#core/errors'
import type { JsonValue } from '#core/json'
import { apiErrorSchema } from '#protocol/api/common'
import {
  earningSchema,
  hostJoinSchema,
  hostViewSchema,
  leaseViewSchema,
  offerViewSchema,
  statusSchema,
  walletEntrySchema,
  walletViewSchema,
} from '#protocol/api/node'
import { runStatsSchema } from '#protocol/api/requests'
import {
  execCreateSchema,
  mapCreateSchema,
  mapEventSchema,
  mapViewSchema,
  planSchema,
  runCreateSchema,
  runInspectSchema,
  runViewSchema,
  taskViewSchema,
} from '#protocol/api/runs'
import { addressText, hash32Text, peerIdText, runIdText } from '#protocol/codecs'
import { type Endpoint, nothing } from './endpoint.ts'
import { httpStatus } from './http-status.ts'

type Json = { readonly [key: string]: JsonValue | undefined }

const named = {
  Error: apiErrorSchema,
  RunCreate: runCreateSchema,
  Run: runViewSchema,
  RunInspect: runInspectSchema,
  Plan: planSchema,
  Exec: execCreateSchema,
  RunStats: runStatsSchema,
  MapCreate: mapCreateSchema,
  Map: mapViewSchema,
  Task: taskViewSchema,
  MapEvent: mapEventSchema,
  Offer: offerViewSchema,
  Lease: leaseViewSchema,
  Wallet: walletViewSchema,
  WalletEntry: walletEntrySchema,
  HostJoin: hostJoinSchema,
  Host: hostViewSchema,
  Earning: earningSchema,
  Status: statusSchema,
}

const texts = new Map<unknown, Json>([
  [addressText, { type: 'string', pattern: '^0x[0-9a-f]{40}$' }],
  [hash32Text, { type: 'string', pattern: '^0x[0-9a-f]{64}$' }],
  [runIdText, { type: 'string', pattern: '^[0-9a-f]{32}$' }],
  [peerIdText, { type: 'string', pattern: '^[1-9A-HJ-NP-Za-km-z]{40,64}$' }],
])

/** The OpenAPI 3.1 description of `endpoints`, made of the same schemas that check requests and answers. */
export const openApiDocument = (endpoints: readonly Endpoint[]): Json => {
  const paths: Record<string, Record<string, Json>> = {}
  for (const endpoint of endpoints) {
    const operations = paths[endpoint.path] ?? {}
    paths[endpoint.path] = operations
    operations[endpoint.method.toLowerCase()] = operation(endpoint)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Artel node',
      version: '1',
      description: about,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1' }],
    security: [{ token: [] }],
    paths: { ...paths, ...interactive },
    components: {
      schemas: Object.fromEntries(
        Object.entries(named).map(([name, schema]) => [name, schemaOf(schema, name)]),
      ),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  }
}

const about = [
  'Money is decimal text in token base units; a rate is 1e-9 base units per second.',
  'The same API stands on a unix socket, where the file mode is the permission, and on 127.0.0.1 with a token.',
  'Writes take an Idempotency-Key: the same key and request give the stored answer for 24 hours.',
  'Output frames: stream (1 byte: 1 stdout, 2 stderr), wall milliseconds (8), length (4), all big-endian; bytes.',
].join(' ')

const operation = (endpoint: Endpoint): Json => ({
  summary: endpoint.summary,
  tags: [endpoint.path.split('/')[2] ?? ''],
  operationId: operationId(endpoint),
  parameters: [
    ...parameters(endpoint.params, 'path'),
    ...parameters(endpoint.query, 'query'),
    ...(endpoint.method === 'GET' ? [] : [idempotencyKey]),
  ],
  ...requestBody(endpoint),
  responses: {
    [String(endpoint.status)]: {
      description: endpoint.status === 204 ? 'Done' : 'The answer',
      ...answerContent(endpoint),
    },
    default: errorAnswer,
  },
})

const operationId = ({ method, path }: Pick<Endpoint, 'method' | 'path'>): string =>
  [method.toLowerCase(), ...path.split(/[/{}]+/).filter((part) => part !== '' && part !== 'v1')]
    .map((part, index) => (index === 0 ? part : part.slice(0, 1).toUpperCase() + part.slice(1)))
    .join('')

const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', maxLength: 128 },
}

const requestBody = (endpoint: Endpoint): Json => {
  if (endpoint.bodyType !== undefined) {
    const schema = { type: 'string', format: 'binary' }
    return { requestBody: { required: true, content: { [endpoint.bodyType]: { schema } } } }
  }
  if (endpoint.body === nothing) return {}
  const media = { schema: reference(endpoint.body), ...example(endpoint.bodyExample) }
  return { requestBody: { required: true, content: { 'application/json': media } } }
}

const answerContent = (endpoint: Endpoint): Json => {
  const { response, responseType, responseExample } = endpoint
  if (responseType === undefined && response === undefined) return {}
  const schema = response === undefined ? { type: 'string', format: 'binary' } : reference(response)
  return {
    content: { [responseType ?? 'application/json']: { schema, ...example(responseExample) } },
  }
}

const example = (value: JsonValue | undefined): Json =>
  value === undefined ? {} : { example: value }

const errorAnswer: Json = {
  description: `A refusal. Status by code: ${Object.entries(httpStatus)
    .map(([code, status]) => `${status} ${code}`)
    .join(', ')}.`,
  content: {
    'application/json': {
      schema: { $ref: '#/components/schemas/Error' },
      example: { error: { code: 'not-found', message: 'no run named web', hint: 'artel ps -a' } },
    },
  },
}

const parameters = (schema: z.ZodType, where: 'path' | 'query'): readonly Json[] => {
  const { properties, required } = schemaOf(schema, undefined)
  if (typeof properties !== 'object' || properties === null) return []
  const needed = Array.isArray(required) ? required : []
  return Object.entries(properties).map(([name, value]) => ({
    name,
    in: where,
    required: where === 'path' || needed.includes(name),
    schema: value,
  }))
}

const reference = (schema: z.ZodType): Json => {
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodType) {
    return { type: 'array', items: reference(schema.element) }
  }
  const entry = Object.entries(named).find(([, value]) => value === schema)
  return entry === undefined
    ? schemaOf(schema, undefined)
    : { $ref: `#/components/schemas/${entry[0]}` }
}

/** The JSON Schema (2020-12, as OpenAPI 3.1 wants it) of what travels. */
const schemaOf = (schema: z.ZodType, self: string | undefined): Json => {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const text = texts.get(zodSchema)
      if (text !== undefined) Object.assign(jsonSchema, text)
    },
  })
  const { $schema: _, ...rest } = made
  const parsed: unknown = JSON.parse(JSON.stringify(rest))
  if (isJson(parsed)) return parsed
  throw new ArtelError('internal', `the schema ${self ?? ''} cannot be described`)
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null

const upgrade = (name: 'attach' | 'exec', summary: string): Json => ({
  post: {
    summary,
    tags: ['runs'],
    operationId: `${name}Run`,
    description:
      'Ask with Connection: Upgrade and Upgrade: artel-stream. After 101 both sides send frames: kind (1 byte: 0 stdin, 1 stdout, 2 stderr, 3 control as JSON), length (4 bytes, big-endian), bytes.' +
      (name === 'exec' ? ' The first frame is control {"type":"exec","request":Exec}.' : ''),
    parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
    responses: { '101': { description: 'The stream begins' }, default: errorAnswer },
  },
})

const interactive: Json = {
  '/v1/runs/{name}/attach': upgrade('attach', 'A live pipe or terminal to a run'),
  '/v1/runs/{name}/exec': upgrade('exec', 'Starts a second program in a run'),
}
