import type { Context } from '#cli/context'
import { out, printJson } from '#cli/print'
import { formatPrice } from '#cli/text/money'
import { formatTable, shortId } from '#cli/text/table'
import { formatBytes } from '#core/resources'
import type { Plan } from '#sdk/types'

/** Prints what a run would do. Exit code 1 when no host fits. */
export const printPlan = async (context: Context, plan: Plan): Promise<number> => {
  const code = plan.candidates.length === 0 ? 1 : 0
  if (context.json) {
    await printJson(plan)
    return code
  }
  const token = await context.token()
  const { reference, digest, bytes } = plan.image
  await out(`Image  ${reference}  ${digest.slice(0, 19)}  ${formatBytes(bytes)}\n\n`)
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
      plan.candidates,
    ),
  )
  for (const { constraint, count } of plan.excluded) {
    await out(`left out by ${constraint}: ${count}\n`)
  }
  return code
}
