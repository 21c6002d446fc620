import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { ArtelError } from '#core/errors'
import { homeDirectory } from '#node/home'
import { localDown, localUp } from '#node/local-cloud'
import type { MapEvent, MapView } from '#sdk/types'
import { animatePng } from '../examples/render/animate.ts'
import { writeFrames } from '../examples/render/frames.ts'
import { dockerfileBases } from './engine/dockerfile-bases.ts'
import { ensureBaseImage } from './engine/ensure-base-image.ts'
import { ensureEngine } from './engine/ensure-engine.ts'
import { root, toolEnvironment } from './run-steps.ts'
import { printSummary } from './start-summary.ts'

const hosts = 3
const frames = 36
const framesPerSecond = 12
const image = 'artel/render:1'
const example = join(root, 'examples', 'render')
const out = join(root, 'out')

const say = (line: string): void => console.log(`artel: ${line}`)

const buildImage = async (socketPath: string): Promise<void> => {
  for (const base of dockerfileBases(readFileSync(join(example, 'Dockerfile'), 'utf8'))) {
    await ensureBaseImage(base, { socketPath, say })
  }
  say(`building ${image} from examples/render/Dockerfile`)
  const build = spawnSync('docker', ['build', '--tag', image, example], {
    encoding: 'utf8',
    env: { ...toolEnvironment(), DOCKER_HOST: `unix://${socketPath}` },
  })
  if (build.status !== 0) {
    process.stderr.write(`${build.stdout ?? ''}${build.stderr ?? ''}`)
    throw new ArtelError('image-not-found', `docker build failed for ${image}`, {
      hint: 'Its own message stands above.',
    })
  }
}

/** Renders the frames on the cloud and returns what became of the map; throws when it failed. */
const render = async (): Promise<MapView> => {
  const frameDirectory = join(out, 'frames')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  writeFrames(frameDirectory, frames)
  const povray = ['povray', '{}', '+O/out/', '+W320', '+H180', '+A0.3', '-D', '+WT1']
  const input = join(relative(root, frameDirectory), '*.pov')
  const map = ['map', '--hosts', String(hosts), '--input', input, '--output', 'out', image, '--']
  say(`artel ${[...map, ...povray].join(' ')}`)
  const child = spawn(join(root, 'bin', 'artel'), ['map', '--json', ...map.slice(1), ...povray], {
    cwd: root,
    stdio: ['inherit', 'pipe', 'inherit'],
    env: toolEnvironment(),
  })
  const exited = once(child, 'exit')
  let last: MapView | undefined
  let done = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const event: MapEvent = JSON.parse(line)
    if ('map' in event) last = event.map
    if (!('task' in event) || event.task.status !== 'done') continue
    done += 1
    if (process.stderr.isTTY !== true && done % 6 === 0) say(`${done} of ${frames} frames`)
  }
  const [code] = await exited
  if (code === 0 && last !== undefined) return last
  throw new ArtelError('internal', `the render ended with exit code ${code}`)
}

const animate = (): string => {
  const pictures = readdirSync(out)
    .filter((name) => name.endsWith('.png'))
    .sort()
  if (pictures.length !== frames) {
    throw new ArtelError('internal', `${pictures.length} of ${frames} frames arrived in out/`)
  }
  const file = join(out, 'animation.apng')
  writeFileSync(
    file,
    animatePng(
      pictures.map((name) => join(out, name)),
      framesPerSecond,
    ),
  )
  return file
}

const untilInterrupted = (): Promise<void> =>
  new Promise((resolve) => {
    // Listening for signals does not keep a process: this timer does.
    const alive = setInterval(() => undefined, 3_600_000)
    const leave = (): void => {
      clearInterval(alive)
      resolve()
    }
    process.once('SIGINT', leave)
    process.once('SIGTERM', leave)
  })

const main = async (): Promise<number> => {
  const home = homeDirectory()
  const { socketPath } = await ensureEngine({ say })
  await buildImage(socketPath)
  // Ctrl-C reaches every process of the terminal: this one stays to stop the cloud in order.
  const ignore = (): void => undefined
  process.on('SIGINT', ignore)
  await localUp({ home, hosts, say })
  try {
    const started = performance.now()
    const map = await render()
    const animation = animate()
    await printSummary({
      home,
      map,
      frames,
      seconds: (performance.now() - started) / 1000,
      animation: relative(root, animation),
    })
    if (process.stdout.isTTY && existsSync(animation)) {
      say('the cloud stays up until Ctrl-C')
      await untilInterrupted()
    }
    return 0
  } finally {
    await localDown({ home, say })
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof ArtelError)) throw error
  console.error(`artel: ${error.message}`)
  if (error.hint !== undefined) console.error(`  ${error.hint}`)
  process.exitCode = 1
}
