/** How busy this machine is, for `maxWorkflowsPerBatch: 'auto:cpu'`; the steps are the reference's. */
import { cpus, loadavg } from 'node:os'

export function cpuBatchSize(): number {
  const share = (loadavg()[0] ?? 0) / Math.max(1, cpus().length)
  if (share < 0.3) return 100
  if (share < 0.5) return 50
  return share < 0.7 ? 20 : 10
}
