import { type Endpoint, jsonEndpoint, route } from '#api/endpoint'
import type { BlobService } from '#api/services'
import { apiLimits } from '#protocol/api/common'
import { blobSchema } from '#protocol/api/requests'
import { exampleBlob } from './examples.ts'

/** Blobs: content under its hash, such as the inputs of runs and tasks. */
export const blobRoutes = (blobs: BlobService): readonly Endpoint[] => [
  jsonEndpoint(
    {
      ...route('POST', '/v1/blobs', 'Keeps the bytes of the body and answers their SHA-256'),
      bodyType: 'application/octet-stream',
      status: 201,
      response: blobSchema,
      responseExample: exampleBlob,
      timeoutMs: 'none',
    },
    async ({ bytes, signal }) => ({ ...(await blobs.put(bytes, apiLimits.blobBytesMax, signal)) }),
  ),
]
