/** One worker process of the benchmark with several: does what its parent says, reports when it is done. */
import { edda, steps } from './edda'

export interface Work {
  /** Workflows of five steps to start and to wait for. */
  readonly workflows: number
}

const ours = await edda(process.argv[2] ?? '')

process.on('message', ({ workflows }: Work) => {
  void Promise.all(Array.from({ length: workflows }, () => ours.run(5))).then(() => process.send?.('done'))
})
process.on('disconnect', () => void ours.close().then(() => process.exit(0)))
process.send?.(`ready with ${steps.workflowName}`)
