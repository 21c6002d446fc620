import { defineCommand } from '#cli/command'
import { out, printJson } from '#cli/print'
import { formatSpan } from '#cli/text/duration'
import { plain } from '#cli/text/table'
import type { Status } from '#sdk/types'

export const command = defineCommand({
  usage: 'status',
  summary:
    'Say whether all is well with this node, and what is not; exit code 1 when something is not',
  examples: ['artel status', 'artel status --json'],
  flags: {},
  args: { min: 0, max: 0 },
  run: async (context) => {
    const status = await (await context.client()).node.status()
    if (context.json) await printJson(status)
    else await out(statusText(status))
    return status.problems.length === 0 ? 0 : 1
  },
})

const statusText = (status: Status): string => {
  const { chain, problems } = status
  const head = chain.head === undefined ? 'no block seen' : `block ${chain.head}`
  const age =
    chain.headAgeSeconds === undefined ? '' : `, ${Math.round(chain.headAgeSeconds)} s old`
  const pending =
    chain.pendingTransactions === 0 ? '' : `, ${chain.pendingTransactions} transactions pending`
  const rows = [
    [
      'Node',
      `${status.version}, process ${status.pid}, up ${formatSpan(Date.now() - status.upSinceMs).toLowerCase()}`,
    ],
    ['Home', status.home],
    ['Account', status.address],
    ['Peer', status.peer],
    [
      'Network',
      `${status.peers} peers, ${status.offers} offers, ${status.listening.join(' ') || 'not listening'}`,
    ],
    ['Chain', `${chain.chainId} by ${chain.rpc}: ${head}${age}${pending}`],
    ['Contract', `${chain.leases}, pays in ${chain.token.symbol}`],
    ['Engine', status.engine ?? 'none'],
    ['Tenant', `${status.runs} runs, ${status.openLeases} open leases`],
    ['Host', status.host],
  ]
  const lines = rows.map(([name = '', value = '']) => `${name.padEnd(9)} ${plain(value)}`)
  const verdict =
    problems.length === 0
      ? ['All is well.']
      : ['Not well:', ...problems.map((problem) => `  - ${plain(problem)}`)]
  return `${[...lines, '', ...verdict].join('\n')}\n`
}
