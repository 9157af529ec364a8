/** What this deployment runs. Replace it with your own. */
import type { Workflow } from '@edda/engine'
import { approvalWorkflows } from './approval'
import { reportWorkflows } from './nightly-report'
import { orderWorkflows } from './order'
import { paymentWorkflows } from './payment'
import { thumbnailWorkflows } from './thumbnails'
import { queueWorkflows } from './work-queue'

export const workflows: readonly Workflow[] = [
  ...orderWorkflows,
  ...thumbnailWorkflows,
  ...reportWorkflows,
  ...paymentWorkflows,
  ...approvalWorkflows,
  ...queueWorkflows,
]
