import { z } from 'zod'
import { type Endpoint, jsonEndpoint, route } from '#api/endpoint'
import type { TransactionDone, WalletService } from '#api/services'
import { ArtelError } from '#core/errors'
import { parseHash32 } from '#core/ids'
import { tokenAmount } from '#core/money'
import { apiLimits } from '#protocol/api/common'
import {
  amountRequestSchema,
  transactionSchema,
  walletEntrySchema,
  walletViewSchema,
  withdrawSchema,
} from '#protocol/api/node'
import { exampleEntry, exampleTransaction, exampleWallet } from './examples.ts'

const transactionMs = 180_000

/** The node's money: in the vault, in leases, outside. */
export const walletRoutes = (wallet: WalletService): readonly Endpoint[] => [
  jsonEndpoint(
    {
      ...route('GET', '/v1/wallet', 'The account, its tokens and its gas'),
      response: walletViewSchema,
      responseExample: exampleWallet,
    },
    ({ signal }) => wallet.view(signal),
  ),
  jsonEndpoint(
    {
      ...route('POST', '/v1/wallet/deposit', 'Moves tokens of the account into the vault'),
      body: amountRequestSchema,
      bodyExample: { amount: '5000000' },
      response: transactionSchema,
      responseExample: exampleTransaction,
      timeoutMs: transactionMs,
    },
    async ({ body, signal }) => transactionView(await wallet.deposit(body.amount, signal)),
  ),
  jsonEndpoint(
    {
      ...route(
        'POST',
        '/v1/wallet/withdraw',
        'Moves tokens out of the vault, to the account or another',
      ),
      body: withdrawSchema,
      bodyExample: { amount: '5000000' },
      response: transactionSchema,
      responseExample: exampleTransaction,
      timeoutMs: transactionMs,
    },
    async ({ body, signal }) =>
      transactionView(await wallet.withdraw(body.amount, body.to, signal)),
  ),
  jsonEndpoint(
    {
      ...route(
        'GET',
        '/v1/wallet/history',
        'What changed the balance, newest first, at most 10,000',
      ),
      response: z.array(walletEntrySchema),
      responseExample: [exampleEntry],
    },
    () => wallet.history().slice(0, apiLimits.listMax),
  ),
]

const transactionView = (done: TransactionDone): z.output<typeof transactionSchema> => {
  const transaction = parseHash32(done.transaction)
  if (transaction === undefined) {
    throw new ArtelError('internal', 'the wallet answered no transaction hash')
  }
  return { transaction, feeWei: tokenAmount(done.feeWei) }
}
