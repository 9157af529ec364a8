/**
 * Several events in one JSON array: CloudEvents JSON batch format 1.0 §4. All or nothing: one bad event refuses the batch, and the error says
 * which. An empty batch is valid. Duplicates inside a batch are passed on; de-duplication by (source, id) belongs to the store.
 */
import type { CloudEvent } from './cloud-event'
import { CloudEventError } from './errors'
import type { CloudEventLimits } from './limits'
import { decodeJsonEvent, encodeJsonEvent } from './structured'

/**
 * @param value parsed JSON that {@link checkJson} has passed
 * @throws CloudEventError whose message begins with the position of the bad event, from 0
 */
export function decodeJsonBatch(value: unknown, limits: CloudEventLimits): readonly CloudEvent[] {
  if (!Array.isArray(value)) throw new CloudEventError('InvalidData', 'a batch must be a JSON array')
  if (value.length > limits.maxBatch) {
    throw new CloudEventError('TooLarge', `the batch has ${value.length} events, more than ${limits.maxBatch}`)
  }
  return value.map((item: unknown, index) => {
    try {
      return decodeJsonEvent(item, limits)
    } catch (error) {
      if (!(error instanceof CloudEventError)) throw error
      throw new CloudEventError(error.errorType, `event ${index} of the batch: ${error.message}`, { cause: error })
    }
  })
}

/** @throws CloudEventError as {@link encodeJsonEvent} */
export function encodeJsonBatch(events: readonly CloudEvent[]): string {
  return `[${events.map(encodeJsonEvent).join(',')}]`
}
