declare const brand: unique symbol

/** A `T` that only its own constructor makes, so that two ids or units are never mixed up. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
