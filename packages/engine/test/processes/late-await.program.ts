/** A program of its own: a workflow whose helper fails before it is awaited, in the way argv says. Prints how the workflow ended. */
import { activity, EddaApp, TerminalError, type WorkflowContext, workflow } from '../../src/index'

const [kind, dbUrl] = process.argv.slice(2) as [string, string]

const decline = activity('decline', async () => {
  throw new TerminalError('declined')
})
const look = activity('look', async () => 'looked')

const wf = workflow('lateAwait', async (ctx, _input: null) => {
  const charging = charge(ctx)
  // the failure is delivered while this waits
  await ctx.sleep('50ms')
  await look(ctx, null)
  return await charging.catch((error: Error) => `told: ${error.message}`)
})

async function charge(ctx: WorkflowContext): Promise<string> {
  try {
    await decline(ctx, null)
    return 'charged'
  } catch (error) {
    if (kind === 'wrapped') throw new Error('could not charge', { cause: error })
    throw error
  }
}

const app = new EddaApp({ serviceName: 'late', dbUrl, workflows: [wf] })
await app.initialize()
if (kind === 'defect') void Promise.reject(new Error('a defect of the service'))
const run = await app.start(wf, null)
process.stdout.write(String(await run.result()))
await app.shutdown()
