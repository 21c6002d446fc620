import { type NetworkFile, networkFileSchema } from './config.ts'
import { writeJsonFile } from './files.ts'

export const writeNetwork = (path: string, network: NetworkFile): Promise<void> =>
  writeJsonFile<NetworkFile>(path, networkFileSchema, network)
