/**
 * The images that a Dockerfile builds on: every `FROM` that names neither `scratch` nor an earlier stage.
 * A `FROM` that takes its name from an ARG is left to the engine.
 */
export const dockerfileBases = (dockerfile: string): readonly string[] => {
  const stages = new Set<string>()
  const bases = new Set<string>()
  for (const line of dockerfile.split('\n')) {
    const match = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$/i.exec(line)
    if (match === null) continue
    const [, image = '', stage] = match
    const isBase = image !== 'scratch' && !image.includes('$') && !stages.has(image.toLowerCase())
    if (isBase) bases.add(image)
    if (stage !== undefined) stages.add(stage.toLowerCase())
  }
  return [...bases]
}
