import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  defaultRules,
  deniesImage,
  type OwnerRules,
  type RuleRequest,
  refuse,
} from './host-rules.ts'
import { type Address, parseAddress, zeroAddress } from './ids.ts'
import type { ImageReference } from './manifest.ts'
import { noTokens } from './money.ts'

const rules: OwnerRules = {
  ...defaultRules,
  bond: noTokens,
  quitFee: noTokens,
  reportFee: noTokens,
}
const abilities = { isolation: ['container'], network: ['none'] } as const
const other = parseAddress(`0x${'1'.repeat(40)}`) as Address
const image: ImageReference = {
  reference: 'docker.io/library/miner:latest',
  digest: `sha256:${'a'.repeat(64)}`,
  source: 'registry',
}
const request: RuleRequest = {
  tenant: zeroAddress,
  image,
  requirements: {
    version: 1,
    resources: { cpuMilli: 100, memoryBytes: 64 * 1024 * 1024, diskBytes: 0, gpus: 0 },
    isolation: 'container',
    network: 'none',
  },
}

test('a host without special rules takes what it is able to run', () => {
  assert.equal(refuse(rules, abilities, request), undefined)
})

test('a paused host takes nothing', () => {
  assert.match(refuse({ ...rules, paused: true }, abilities, request) ?? '', /no new leases/)
})

test('a denied tenant is refused, and so is everyone whom a list of allowed ones leaves out', () => {
  assert.match(
    refuse({ ...rules, tenantsDenied: [zeroAddress] }, abilities, request) ?? '',
    /tenant/,
  )
  assert.match(refuse({ ...rules, tenantsAllowed: [other] }, abilities, request) ?? '', /named/)
  assert.equal(refuse({ ...rules, tenantsAllowed: [zeroAddress] }, abilities, request), undefined)
})

test('isolation and network that the machine lacks are refused', () => {
  const gvisor = {
    ...request,
    requirements: { ...request.requirements, isolation: 'gvisor' },
  } as const
  assert.match(refuse(rules, abilities, gvisor) ?? '', /isolation/)
  const egress = {
    ...request,
    requirements: { ...request.requirements, network: 'egress' },
  } as const
  assert.match(refuse(rules, abilities, egress) ?? '', /network/)
})

test('an instance without a processor or with less memory than an engine starts is refused', () => {
  const { requirements } = request
  const with_ = (part: object) => ({
    ...request,
    requirements: { ...requirements, resources: { ...requirements.resources, ...part } },
  })
  assert.match(refuse(rules, abilities, with_({ cpuMilli: 0 })) ?? '', /processor/)
  assert.match(refuse(rules, abilities, with_({ memoryBytes: 1024 })) ?? '', /memory/)
})

test('images are denied by digest, by name and by pattern', () => {
  const denies = (pattern: string) => deniesImage({ imagesDenied: [pattern] }, image)
  assert.equal(denies(image.digest), true)
  assert.equal(denies('docker.io/library/miner:latest'), true)
  assert.equal(denies('*/miner:*'), true)
  assert.equal(denies('docker.io/*:latest'), true)
  assert.equal(denies('docker.io/library/miner'), false)
  assert.equal(denies('*latest*more'), false)
})
