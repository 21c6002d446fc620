import { formatSpan } from './duration.ts'

/** When something was, for people: `5 minutes ago`. */
export const formatAgo = (atMs: number): string => `${formatSpan(Date.now() - atMs)} ago`
