import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureBaseImage } from '../scripts/engine/ensure-base-image.ts'
import { ensureEngine } from '../scripts/engine/ensure-engine.ts'
import { createCloud } from '../test/e2e/cloud.ts'
import { measureGas } from './gas.ts'
import { measureIdle } from './idle.ts'
import { measureMap } from './maps.ts'
import { type Measure, printTable } from './measure.ts'
import { measureOutput } from './output.ts'
import { measureRank } from './rank.ts'
import { measureRuns } from './runs.ts'

const binary = fileURLToPath(new URL('../bin/artel', import.meta.url))
const say = (line: string): void => console.error(`bench: ${line}`)

/** All measures in one run, so that each ratio compares what the same machine did in the same minutes. */
const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, output: { type: 'string' } },
  })
  const { socketPath } = await ensureEngine({ say })
  await ensureBaseImage('debian:bookworm-slim', { socketPath, say })
  const measures: Measure[] = [...measureGas(), ...measureRank()]
  const cloud = createCloud()
  try {
    say('starting a cloud of three hosts')
    await cloud.up(3)
    const parts: readonly [string, () => Promise<readonly Measure[]>][] = [
      ['idle host', () => measureIdle(cloud)],
      ['runs', () => measureRuns(cloud)],
      ['map', () => measureMap(cloud)],
      ['output', () => measureOutput(cloud, binary)],
    ]
    for (const [what, measure] of parts) {
      say(`measuring: ${what}`)
      measures.push(...(await measure()))
    }
  } finally {
    await cloud.down()
  }
  const document = JSON.stringify({ measures }, null, 2)
  if (values.output !== undefined) writeFileSync(values.output, `${document}\n`)
  if (values.json === true) console.log(document)
  else printTable(measures)
}

await main()
