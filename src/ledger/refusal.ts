import { ArtelError } from '#core/errors'
import type { ChainCall } from '#ports/chain'

const prefix = 'the contract refused '

/** Refusals that mean: not enough tokens, whoever's they are. */
const shortages: Readonly<Record<string, string>> = {
  InsufficientBalance: 'Deposit more into the vault: artel wallet deposit.',
  ERC20InsufficientBalance: 'Get more tokens into the account first.',
  ERC20InsufficientAllowance: 'Allow the contract to take the tokens first.',
}

/** A refusal of the contracts as an error: 'balance' when tokens are short, else 'reverted'. */
export const refusalError = (kind: ChainCall['kind'], refusal: string): ArtelError => {
  const hint = shortages[refusal]
  const message = `${prefix}${kind}: ${refusal}`
  return hint === undefined
    ? new ArtelError('reverted', message)
    : new ArtelError('balance', message, { hint })
}

/** The name of the contract's custom error behind an error of the outbox. */
export const refusalOf = (error: unknown): string | undefined => {
  if (!(error instanceof ArtelError) || !error.message.startsWith(prefix)) return undefined
  return error.message.slice(error.message.indexOf(': ') + 2)
}
