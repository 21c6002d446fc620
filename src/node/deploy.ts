import { join } from 'node:path'
import { createViemChain } from '#adapters/chain-viem/chain'
import { deployContracts } from '#adapters/chain-viem/deploy'
import { loadKeyFile } from '#adapters/crypto-node/key-file'
import { ArtelError } from '#core/errors'
import type { Address } from '#core/ids'
import type { NetworkFile } from './config.ts'
import { writeNetwork } from './network-file.ts'

const checkTimeoutMs = 15_000

/** True when the contracts of `known` stand on the chain behind `rpcUrl`. */
const stillThere = async (
  known: NetworkFile,
  rpcUrl: string,
  privateKey: Uint8Array,
): Promise<boolean> => {
  try {
    await createViemChain(
      { rpcUrl, chainId: known.chainId, contracts: known.contracts, privateKey },
      AbortSignal.timeout(checkTimeoutMs),
    )
    return true
  } catch (error) {
    if (error instanceof ArtelError && error.code === 'wrong-chain') return false
    throw error
  }
}

/** The network file of the contracts on this chain: those of `known` when they stand there, else new ones. */
export const deployOn = async (options: {
  readonly rpcUrl: string
  readonly privateKey: Uint8Array
  readonly known: NetworkFile | undefined
  readonly token?: Address
  readonly say: (line: string) => void
}): Promise<NetworkFile> => {
  const { rpcUrl, privateKey, known, say } = options
  if (known !== undefined && (await stillThere(known, rpcUrl, privateKey))) {
    return { ...known, rpcUrl }
  }
  const made = await deployContracts({
    rpcUrl,
    privateKey,
    ...(options.token === undefined ? {} : { tokenAddress: options.token }),
  })
  say(`deployed Leases at ${made.leases} on chain ${made.chainId}`)
  return {
    version: 1,
    name: `chain-${made.chainId}`,
    chainId: made.chainId,
    rpcUrl,
    contracts: { leases: made.leases, hosts: made.hosts, token: made.token },
    token: made.tokenInfo,
    confirmations: 0,
    fromBlock: made.fromBlock,
    bootstrap: [],
    regions: ['local'],
  }
}

/** Deploys the contracts on any EVM chain and writes a network file that `artel up --network` takes. */
export const deploy = async (options: {
  readonly rpcUrl: string
  readonly keyFile: string
  readonly token?: Address
  /** Where the network file goes; default `artel-network-<chain>.json` in the working folder. */
  readonly output?: string
  readonly say: (line: string) => void
}): Promise<{ readonly network: NetworkFile; readonly file: string }> => {
  const privateKey = await loadKeyFile(options.keyFile)
  if (privateKey === undefined) {
    throw new ArtelError('not-found', `no key file ${options.keyFile}`, {
      hint: 'It holds 64 hexadecimal digits: the key of an account with gas on that chain.',
    })
  }
  const network = await deployOn({ ...options, privateKey, known: undefined })
  const file = options.output ?? join(process.cwd(), `artel-network-${network.chainId}.json`)
  await writeNetwork(file, { ...network, confirmations: 2 })
  options.say(`wrote ${file}: add your bootstrap peers to it, then \`artel up --network ${file}\``)
  return { network, file }
}
