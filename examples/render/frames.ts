import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes one small POV-Ray file per frame of the turn into `directory`; returns their number. */
export const writeFrames = (directory: string, count: number): number => {
  mkdirSync(directory, { recursive: true })
  for (let frame = 0; frame < count; frame += 1) {
    const name = `frame-${String(frame).padStart(3, '0')}.pov`
    const text = `#declare Turn = ${frame} / ${count};\n#include "/scene/scene.inc"\n`
    writeFileSync(join(directory, name), text)
  }
  return count
}
