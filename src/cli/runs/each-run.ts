import { errorText } from '#cli/error-text'
import { err } from '#cli/print'
import { toArtelError } from '#core/errors'

/** Does the same to each named run; one that fails does not keep the others. Exit code 1 when any failed. */
export const eachRun = async (
  names: readonly string[],
  act: (name: string) => Promise<void>,
): Promise<number> => {
  let code = 0
  for (const name of names) {
    try {
      await act(name)
    } catch (error) {
      code = 1
      await err(errorText(toArtelError(error)))
    }
  }
  return code
}
