/** A whole number between bounds, or undefined. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number | undefined => {
    if (!/^\d{1,15}$/.test(text)) return undefined
    const value = Number(text)
    return value >= min && value <= max ? value : undefined
  }
