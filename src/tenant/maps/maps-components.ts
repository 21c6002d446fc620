import type { BlobUse } from '#tenant/blob-use'
import type { Commitments } from '#tenant/commitments'
import type { TenantLimits, TenantParts } from '#tenant/components'
import type { Images } from '#tenant/images'
import type { Supervision } from '#tenant/supervision'

/** What maps are made of. */
export type MapsComponents = {
  readonly parts: TenantParts
  readonly limits: TenantLimits
  readonly images: Images
  readonly commitments: Commitments
  readonly supervision: Supervision
  readonly blobUse: BlobUse
}
