import { describe, expect, it } from 'vitest'
import type { InstanceSummary } from '@/lib/api-types'
import { stepMarks } from './use-step-marks'

const at = (currentStep: string | null, message?: string) =>
  ({ currentStep, error: message ? { name: 'RetryExhaustedError', message } : null }) as unknown as InstanceSummary

describe('marks on the diagram', () => {
  it('count live instances and failures by step', () => {
    const live = [
      at('charge'),
      at('charge (attempt 3)'),
      at('event order.approved'),
      at('timer sleep:2'),
      at('child ship-parcel-1rrna2ob'),
      at(null),
    ]
    const failed = [at(null, 'Activity charge failed after 5 attempts: 503'), at(null, 'something else')]
    expect(Object.fromEntries(stepMarks(live, failed))).toEqual({
      charge: '2 here now · 1 failed here',
      'receive_order.approved': '1 here now',
      'child_ship-parcel': '1 here now',
      sleep: '1 here now',
    })
  })
})
