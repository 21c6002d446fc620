import { bytesToHex } from '@noble/hashes/utils.js'
import { ArtelError } from '#core/errors'
import type { Address } from '#core/ids'
import { unpaid } from '#core/lease'
import { formatAmount, noTokens, type TokenAmount, tokenAmount } from '#core/money'
import type { WalletEntry, WalletView } from '#protocol/api/node'
import type { TenantParts } from './components.ts'
import type { WalletHistory } from './wallet-history.ts'

export type TransactionDone = { readonly transaction: string; readonly feeWei: bigint }

type Parts = Pick<TenantParts, 'chain' | 'signer' | 'outbox' | 'follower' | 'random'>

/** The node's money: what is free in the vault, what leases hold, and moving it in and out. */
export const createWallet = (parts: Parts, history: WalletHistory) => {
  const { chain, signer, outbox, follower, random } = parts
  const account = signer.address
  const { symbol, decimals } = chain.info.tokenInfo
  const say = (amount: bigint) => `${formatAmount(amount, decimals)} ${symbol}`
  const fresh = (verb: string): string => `${verb}:${bytesToHex(random.bytes(8))}`

  const view = async (signal: AbortSignal): Promise<WalletView> => {
    const [vault, tokens, gasWei] = await Promise.all([
      chain.balance(account, signal),
      chain.tokenBalance(account, signal),
      chain.gasBalanceWei(account, signal),
    ])
    const inLeases = follower
      .leases()
      .filter((lease) => lease.terms.tenant === account)
      .reduce((sum, lease) => tokenAmount(sum + unpaid(lease)), noTokens)
    return {
      address: account,
      token: { symbol, decimals },
      vault,
      inLeases,
      tokens,
      gasWei: tokenAmount(gasWei),
      chainId: chain.info.chainId,
      leases: chain.info.leases,
    }
  }

  const deposit = async (amount: TokenAmount, signal: AbortSignal): Promise<TransactionDone> => {
    const held = await chain.tokenBalance(account, signal)
    if (held < amount) {
      throw new ArtelError('balance', `the account holds ${say(held)}, less than ${say(amount)}`, {
        hint: `Send tokens to ${account} first.`,
      })
    }
    let feeWei = 0n
    if ((await chain.allowance(account, signal)) < amount) {
      const key = fresh('approve')
      feeWei += (await outbox.submit({ kind: 'approve', amount }, { key }, signal)).feeWei
    }
    const key = fresh('deposit')
    const done = await outbox.submit({ kind: 'deposit', amount }, { key }, signal)
    return { transaction: done.transaction, feeWei: feeWei + done.feeWei }
  }

  const withdraw = async (
    amount: TokenAmount,
    to: Address | undefined,
    signal: AbortSignal,
  ): Promise<TransactionDone> => {
    const free = await chain.balance(account, signal)
    if (free < amount) {
      throw new ArtelError(
        'balance',
        `the vault holds ${say(free)} free, less than ${say(amount)}`,
        {
          hint: 'Deposits of open leases come back when these close.',
        },
      )
    }
    const call = { kind: 'withdraw', to: to ?? account, amount } as const
    const done = await outbox.submit(call, { key: fresh('withdraw') }, signal)
    return { transaction: done.transaction, feeWei: done.feeWei }
  }

  return { view, deposit, withdraw, history: (): readonly WalletEntry[] => history.entries() }
}
