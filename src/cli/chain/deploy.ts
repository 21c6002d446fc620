import { join } from 'node:path'
import { defineCommand } from '#cli/command'
import { textFlag, valueFlag } from '#cli/flags/flag'
import { UsageError } from '#cli/flags/usage-error'
import { err, printJson } from '#cli/print'
import { parseAddress } from '#core/ids'

export const command = defineCommand({
  usage: 'chain deploy --rpc URL [flags]',
  summary: 'Put the contracts on an EVM chain and write the network file for artel up --network',
  examples: ['artel chain deploy --rpc https://sepolia.base.org --key-file deployer.key'],
  flags: {
    rpc: textFlag('URL', 'JSON-RPC endpoint of the chain; needed'),
    'key-file': textFlag('FILE', "Key that pays for it (default: the node's own)"),
    token: valueFlag('ADDRESS', 'Token to pay in (default: a test token is deployed)', {
      read: parseAddress,
      expected: 'expected an address of 0x and 40 hexadecimal digits',
    }),
    output: textFlag('FILE', 'Network file to write', { short: 'o' }),
  },
  args: { min: 0, max: 0 },
  run: async ({ home, json }, flags) => {
    const { rpc, token, output } = flags
    if (rpc === undefined) throw new UsageError('flag --rpc is needed: the endpoint of the chain')
    if (!URL.canParse(rpc) || !/^(https?|wss?):$/.test(new URL(rpc).protocol)) {
      throw new UsageError(`invalid argument "${rpc}" for "--rpc" flag: expected a URL`)
    }
    const { deploy } = await import('#node/deploy')
    const made = await deploy({
      rpcUrl: rpc,
      keyFile: flags['key-file'] ?? join(home, 'node.key'),
      say: (line) => void err(`${line}\n`),
      ...(token === undefined ? {} : { token }),
      ...(output === undefined ? {} : { output }),
    })
    if (json) await printJson(made)
    return 0
  },
})
