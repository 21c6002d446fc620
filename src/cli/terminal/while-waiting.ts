import { createProgress } from './progress.ts'

/** Shows `text` on a terminal until `work` is done. */
export const whileWaiting = async <T>(text: string, work: Promise<T>): Promise<T> => {
  const progress = createProgress()
  progress.show(text)
  return await work.finally(progress.clear)
}
