import { anvilKey } from '#adapters/chain-viem/anvil'
import { createViemChain } from '#adapters/chain-viem/chain'
import { createSigner } from '#adapters/crypto-node/signer'
import { ArtelError } from '#core/errors'
import { noTokens, parseAmount, type TokenAmount, tokenAmount } from '#core/money'
import type { Chain, ChainCall } from '#ports/chain'
import type { NetworkFile } from './config.ts'
import type { LocalMember } from './local-layout.ts'

const timeoutMs = 30_000
const gasPurseWei = 10n ** 18n
const gasMarginPercent = 130n

/**
 * Gives a member of a local cloud gas and test tokens: nothing happens while its account has tokens of this
 * network. `vault` of the tokens go into its vault balance.
 */
export const fundMember = async (options: {
  readonly member: LocalMember
  readonly network: NetworkFile
  readonly vault: string
  readonly tokens: string
}): Promise<void> => {
  const { member, network } = options
  const signal = AbortSignal.timeout(timeoutMs)
  const connect = (privateKey: Uint8Array): Promise<Chain> =>
    createViemChain(
      {
        rpcUrl: network.rpcUrl,
        chainId: network.chainId,
        contracts: network.contracts,
        privateKey,
      },
      signal,
    )
  const own = await connect(member.key)
  const account = member.signer.address
  const [inVault, outside] = [
    await own.balance(account, signal),
    await own.tokenBalance(account, signal),
  ]
  if (inVault + outside > 0n) return

  const purse = (text: string): TokenAmount => parseAmount(text, network.token.decimals) ?? noTokens
  const vault = purse(options.vault)
  const minted = tokenAmount(vault + purse(options.tokens))
  const bank = await connect(anvilKey)
  const bankSigner = createSigner(anvilKey)
  await send(
    bank,
    bankSigner.address,
    { kind: 'transferGas', to: account, wei: gasPurseWei },
    signal,
  )
  await send(bank, bankSigner.address, { kind: 'mint', to: account, amount: minted }, signal)
  await send(own, account, { kind: 'approve', amount: vault }, signal)
  await send(own, account, { kind: 'deposit', amount: vault }, signal)
}

/** One transaction from sign to inclusion, on a chain that includes at once. */
const send = async (
  chain: Chain,
  from: LocalMember['signer']['address'],
  call: ChainCall,
  signal: AbortSignal,
): Promise<void> => {
  const outlook = await chain.outlook(call, from, signal)
  if (!outlook.ok) throw new ArtelError('reverted', `${call.kind}: ${outlook.refusal}`)
  const nonce = await chain.nonce(from, signal)
  const gas = (outlook.gas * gasMarginPercent) / 100n
  const signed = await chain.sign(call, { nonce, gas, feeFactor: 1 }, signal)
  await chain.broadcast(signed, signal)
  while (!signal.aborted) {
    const state = await chain.transaction(signed.hash, signal)
    if (state.status === 'included') {
      if (!state.succeeded) throw new ArtelError('reverted', `${call.kind} was refused`)
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new ArtelError('timeout', `${call.kind}: not included within ${timeoutMs} ms`)
}
