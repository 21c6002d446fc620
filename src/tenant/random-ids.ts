import { bytesToHex } from '@noble/hashes/utils.js'
import { ArtelError } from '#core/errors'
import { type DeploymentId, parseHash32, parseRunId, type RunId } from '#core/ids'
import type { Random } from '#ports/random'

export const randomRunId = (random: Random): RunId => {
  const id = parseRunId(bytesToHex(random.bytes(16)))
  if (id === undefined) throw new ArtelError('internal', '16 random bytes are no run id')
  return id
}

export const randomDeploymentId = (random: Random): DeploymentId => {
  const id = parseHash32(`0x${bytesToHex(random.bytes(32))}`)
  if (id === undefined) throw new ArtelError('internal', '32 random bytes are no hash')
  return id
}
