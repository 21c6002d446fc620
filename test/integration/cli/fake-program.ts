/** What a scripted program of the fake cloud can do. */
export type ProgramIo = {
  readonly args: readonly string[]
  readonly env: readonly string[]
  readonly input: AsyncIterable<Uint8Array>
  readonly print: (stream: 'stdout' | 'stderr', bytes: Uint8Array | string) => void
  /** The next signal that was sent to it. */
  readonly signalled: () => Promise<string>
  readonly resized: () => Promise<string>
}

export type Program = (io: ProgramIo) => Promise<number>

const numbers: Readonly<Record<string, number>> = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, TERM: 15 }

export const killedBy = (signal: string): number => 128 + (numbers[signal] ?? 15)

/** Bytes that differ at every place, to find a lost or doubled chunk. */
export const pattern = (from: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => ((from + index) * 31 + ((from + index) >> 8)) & 255)

/** The programs that images of the fake cloud contain. */
export const programs: Readonly<Record<string, Program>> = {
  echo: async ({ args, print }) => {
    print('stdout', `${args.join(' ')}\n`)
    return 0
  },
  env: async ({ env, print }) => {
    print('stdout', `${env.join('\n')}\n`)
    return 0
  },
  both: async ({ print }) => {
    print('stdout', Uint8Array.from([0, 255, 10, 128]))
    print('stderr', Uint8Array.from([254, 13, 1]))
    return 0
  },
  exit: async ({ args }) => Number(args[0] ?? 0),
  cat: async ({ input, print }) => {
    for await (const chunk of input) print('stdout', Uint8Array.from(chunk))
    return 0
  },
  spew: async ({ args, print }) => {
    const total = Number(args[0] ?? 0)
    for (let at = 0; at < total; at += 65_536) {
      print('stdout', pattern(at, Math.min(65_536, total - at)))
    }
    return 0
  },
  wait: async ({ print, signalled }) => {
    print('stdout', 'ready\n')
    const signal = await signalled()
    print('stderr', `got ${signal}\n`)
    return killedBy(signal)
  },
  stubborn: async ({ print, signalled }) => {
    print('stdout', 'ready\n')
    for (let signal = await signalled(); ; signal = await signalled()) {
      print('stdout', `ignored ${signal}\n`)
      if (signal === 'KILL') return killedBy(signal)
    }
  },
  terminal: async ({ print, resized, input }) => {
    print('stdout', `size ${await resized()}\r\n`)
    for await (const chunk of input) {
      print('stdout', chunk)
      if (new TextDecoder().decode(chunk).includes('q')) return 0
    }
    return 1
  },
}
