import { execFile } from 'node:child_process'
import type { Gpu } from '#ports/machine'

const queryMs = 10_000
const gpusMax = 64
const mebibyte = 1024 * 1024

/** The lines of `nvidia-smi --query-gpu=uuid,name,memory.total --format=csv,noheader,nounits`. */
export const parseGpus = (listing: string): readonly Gpu[] =>
  listing
    .split('\n')
    .slice(0, gpusMax)
    .flatMap((line) => {
      const [id = '', name = '', memory = ''] = line.split(',').map((field) => field.trim())
      // Some cards share the system's memory and say "[N/A]".
      const memoryMebibytes = Number.parseInt(memory, 10)
      if (!/^GPU-[0-9a-f-]+$/i.test(id)) return []
      return [
        { id, name, memoryBytes: (Number.isNaN(memoryMebibytes) ? 0 : memoryMebibytes) * mebibyte },
      ]
    })

/** NVIDIA's cards as its own tool lists them; none where the tool is missing or fails. */
export const findGpus = (signal: AbortSignal): Promise<readonly Gpu[]> =>
  new Promise((resolve, reject) => {
    const args = ['--query-gpu=uuid,name,memory.total', '--format=csv,noheader,nounits']
    execFile('nvidia-smi', args, { timeout: queryMs, signal }, (error, stdout) => {
      if (signal.aborted) reject(signal.reason)
      else resolve(error === null ? parseGpus(stdout) : [])
    })
  })
