/** An expense that one event hands in and a second one decides; without a decision in time it is escalated. */
import { activity, EventTimeoutError, event, workflow } from '@edda/engine'
import { z } from 'zod'
import { work } from './pace'

const Expense = z.object({
  id: z.string().min(1),
  employee: z.string().min(1),
  amount: z.number().positive(),
  purpose: z.string(),
})
const decided = event(
  'expense.decided',
  z.object({ expense: z.object({ id: z.string() }), approved: z.boolean(), by: z.string() }),
)

const payOut = activity('payOut', async (ctx, expense: z.output<typeof Expense>) => {
  await work(ctx, 400)
  return { paid: expense.amount }
})

const notifyEmployee = activity('notifyEmployee', async (ctx, note: { employee: string; text: string }) => {
  await work(ctx, 200)
  return { told: note.employee }
})

const approval = workflow(
  'expenseApproval',
  {
    input: Expense,
    eventHandler: 'expense.submitted',
    description: 'Waits for the event that decides an expense',
    tags: ({ employee }) => ({ employee }),
  },
  async (ctx, expense) => {
    ctx.setState({ waitingFor: 'a decision' })
    try {
      const { data } = await ctx.waitEvent(decided, { where: { 'expense.id': expense.id }, timeout: '10m' })
      if (data.approved) await payOut(ctx, expense)
      await notifyEmployee(ctx, { employee: expense.employee, text: data.approved ? 'approved' : 'declined' })
      return { approved: data.approved, by: data.by }
    } catch (error) {
      if (!(error instanceof EventTimeoutError)) throw error
      await notifyEmployee(ctx, { employee: expense.employee, text: 'escalated' })
      return { approved: false, by: 'nobody' }
    }
  },
)

export const approvalWorkflows = [approval]
