/**
 * Whether a declared output is to be a file: its last part has an extension, as in `/work/film.mp4`. What is none is
 * made as a folder before the program starts, so that the program can write into it at once.
 */
export const isFilePath = (path: string): boolean => /[^/]\.[^/.]+$/.test(path)
