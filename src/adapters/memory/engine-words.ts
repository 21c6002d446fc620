/**
 * The words of a shell line: quotes join, `$NAME` and `${NAME}` are replaced outside single quotes, `;`,
 * newline and `&&` are words of their own.
 */
export const shellWords = (
  text: string,
  env: Readonly<Record<string, string>>,
): readonly string[] => {
  const words: string[] = []
  let word: string | undefined
  const flush = (): void => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const token = /'([^']*)'|"([^"]*)"|\\(.)|(;|\n|&&)|(\s+)|([^\s;'"\\&]+|&)/gs
  const expand = (part: string): string =>
    part.replace(/\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?/g, (_all, name: string) => env[name] ?? '')
  for (const [, single, double, escaped, separator, space, plain] of text.matchAll(token)) {
    if (separator !== undefined) {
      flush()
      words.push(separator)
    } else if (space !== undefined) {
      flush()
    } else {
      word = (word ?? '') + (single ?? escaped ?? expand(double ?? plain ?? ''))
    }
  }
  flush()
  return words
}
