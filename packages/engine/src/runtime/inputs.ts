/** What arrives at an instance between two turns, and how a turn takes it in. */
import type { EndedAttempt } from './attempts'
import type { TransitionDraft } from './draft'
import type { Instance } from './instance'
import { absorbAttempt, absorbDue, absorbSession } from './turn'

export type Input = EndedAttempt | { readonly type: 'due' | 'poll' | 'touch' }

export function needsOwnTransaction(input: Input): boolean {
  return input.type === 'attempt' && input.result.ok && input.result.session !== undefined
}

/** @returns `lost` when the instance is not ours any more */
export async function absorb(instance: Instance, input: Input, draft: TransitionDraft): Promise<'lost' | 'ok'> {
  switch (input.type) {
    case 'attempt': {
      const session = input.result.ok ? input.result.session : undefined
      if (session) return absorbSession(instance, input, session, draft)
      await absorbAttempt(instance, input, draft)
      return 'ok'
    }
    case 'due':
      await absorbDue(instance, draft)
      return 'ok'
    case 'poll':
      draft.poll = true
      return 'ok'
    case 'touch':
      draft.touched = true
      return 'ok'
  }
}
