import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgesIn, forwardChain, restoreInput } from './rules.ts'

const rule = { bridge: 'artel7', subnet: '10.200.7.0/28', ownNets: ['203.0.113.9/24'] }

const forwardRules = (egress: boolean): readonly string[] =>
  restoreInput({ ...rule, egress })
    .split('\n')
    .filter((line) => line.startsWith(`-A ${forwardChain('artel7')}`))

test('a bridge with egress is kept from every private network and from those of this machine', () => {
  const rules = forwardRules(true)
  for (const net of [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '169.254.0.0/16',
    '100.64.0.0/10',
    '224.0.0.0/4',
    '203.0.113.9/24',
  ]) {
    assert.ok(rules.includes(`-A ARTEL-F-artel7 -d ${net} -j DROP`), net)
  }
  assert.equal(rules.at(-1), '-A ARTEL-F-artel7 -j RETURN')
})

test('a bridge without egress ends in a drop', () => {
  assert.equal(forwardRules(false).at(-1), '-A ARTEL-F-artel7 -j DROP')
})

test('the own subnet is let through before private networks are dropped', () => {
  const rules = forwardRules(true)
  const own = rules.findIndex((line) => line.includes('-d 10.200.7.0/28 -o artel7 -j RETURN'))
  assert.ok(own >= 0 && own < rules.findIndex((line) => line.includes('-d 10.0.0.0/8')))
})

test('bridges are found again by their chains, each once', () => {
  const listing = '-P INPUT ACCEPT\n-N ARTEL-F-a1\n-N ARTEL-I-a1\n-N ARTEL-I-b2\n-N DOCKER\n'
  assert.deepEqual(bridgesIn(listing), ['a1', 'b2'])
})
