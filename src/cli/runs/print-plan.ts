import type { Context } from '#cli/context'
import { err, out, printJson } from '#cli/print'
import { formatPrice } from '#cli/text/money'
import { formatTable, shortId } from '#cli/text/table'
import type { TokenInfo } from '#core/money'
import { formatBytes } from '#core/resources'
import type { Plan } from '#sdk/types'

/** Prints what a run would do. Exit code 125 when no host fits, as the run itself would end. */
export const printPlan = async (context: Context, plan: Plan): Promise<number> => {
  const code = plan.candidates.length === 0 ? 125 : 0
  if (context.json) {
    await printJson(plan)
    return code
  }
  const token = await context.token()
  const { reference, digest, bytes } = plan.image
  await out(`Image  ${reference}  ${digest.slice(0, 19)}  ${formatBytes(bytes)}\n\n`)
  if (code === 0) await printCandidates(plan, token)
  for (const { constraint, count } of plan.excluded) {
    await out(`left out by ${constraint}: ${count}\n`)
  }
  if (code !== 0) await err('artel: no host fits\n')
  return code
}

const printCandidates = async ({ candidates }: Plan, token: TokenInfo): Promise<void> => {
  await out(
    formatTable(
      [
        ['HOST', ({ host }) => shortId(host.address, false)],
        ['REGION', ({ host }) => host.region],
        ['PRICE', ({ rate }) => formatPrice(rate, token)],
        [
          'LATENCY',
          ({ latencyMs }) => (latencyMs === undefined ? '-' : `${Math.round(latencyMs)} ms`),
        ],
        ['TO MOVE', ({ bytesToMove }) => formatBytes(bytesToMove)],
        ['SCORE', ({ score }) => score.toFixed(2)],
      ],
      candidates,
    ),
  )
}
