/**
 * The one error family. Users steer by class or by `code`; messages say what to do next.
 * Expected results are values (`null`, `false`); an exception means that a promise was broken or that the input was bad.
 */

export type EddaErrorCode =
  | 'AMBIGUOUS_APP'
  | 'CHANNEL_MODE_CONFLICT'
  | 'CLOUD_EVENT'
  | 'CONFIGURATION'
  | 'DATABASE'
  | 'DUPLICATE_DEFINITION'
  | 'EVENT_TIMEOUT'
  | 'HTTP'
  | 'INSTANCE_EXISTS'
  | 'INSTANCE_NOT_FOUND'
  | 'INVALID_FILTER'
  | 'INVALID_PAGE_TOKEN'
  | 'INVALID_STATE'
  | 'LEASE_LOST'
  | 'MIGRATION'
  | 'NON_DETERMINISM'
  | 'NOT_INITIALIZED'
  | 'NOT_SUBSCRIBED'
  | 'RECEIVE_TIMEOUT'
  | 'RESULT_TIMEOUT'
  | 'RETRY_EXHAUSTED'
  | 'SERIALIZATION'
  | 'TERMINAL'
  | 'TIMEOUT'
  | 'UNKNOWN_WORKFLOW'
  | 'VALIDATION'
  | 'WORKFLOW_CANCELLED'
  | 'WORKFLOW_FAILED'

export class EddaError extends Error {
  readonly code: EddaErrorCode
  constructor(code: EddaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** Throw it from an activity or a workflow to stop at once: never retried. */
export class TerminalError extends EddaError {
  constructor(message: string, options?: ErrorOptions) {
    super('TERMINAL', message, options)
  }
}

/** An activity gave up; `cause` is the last error. */
export class RetryExhaustedError extends EddaError {
  constructor(message: string, options?: ErrorOptions) {
    super('RETRY_EXHAUSTED', message, options)
  }
}

/** An activity attempt ran longer than its `timeout`, a heartbeat stayed away, or a workflow passed its deadline. */
export class TimeoutError extends EddaError {
  constructor(message: string, options?: ErrorOptions) {
    super('TIMEOUT', message, options)
  }
}

export class EventTimeoutError extends EddaError {
  readonly eventType: string
  readonly timeoutSeconds: number
  constructor(fields: { eventType: string; timeoutSeconds: number }) {
    super('EVENT_TIMEOUT', `Event '${fields.eventType}' did not arrive within ${fields.timeoutSeconds} s`)
    this.eventType = fields.eventType
    this.timeoutSeconds = fields.timeoutSeconds
  }
}

export class ReceiveTimeoutError extends EddaError {
  readonly channel: string
  readonly timeoutSeconds: number
  constructor(fields: { channel: string; timeoutSeconds: number }) {
    super('RECEIVE_TIMEOUT', `Message on channel '${fields.channel}' did not arrive within ${fields.timeoutSeconds} s`)
    this.channel = fields.channel
    this.timeoutSeconds = fields.timeoutSeconds
  }
}

export interface ValidationIssue {
  /** Dotted path of the offending member; `''` is the whole value. */
  readonly path: string
  readonly message: string
}

export class ValidationError extends EddaError {
  readonly issues: readonly ValidationIssue[]
  constructor(fields: { what: string; issues: readonly ValidationIssue[] }) {
    const list = fields.issues
      .map((issue) => (issue.path ? `${issue.path}: ${issue.message}` : issue.message))
      .join('; ')
    super('VALIDATION', `Invalid ${fields.what}: ${list}`)
    this.issues = fields.issues
  }
}

export class SerializationError extends EddaError {
  readonly path: string
  readonly bytes: number | undefined
  readonly limit: number | undefined
  constructor(fields: { what: string; path: string; reason: string; bytes?: number; limit?: number }) {
    const size =
      fields.bytes === undefined
        ? ''
        : ` (${fields.bytes} bytes, the limit maxPayloadBytes is ${fields.limit}; store large data elsewhere and pass a reference)`
    super('SERIALIZATION', `Cannot store ${fields.what} at ${fields.path}: ${fields.reason}${size}`)
    this.path = fields.path
    this.bytes = fields.bytes
    this.limit = fields.limit
  }
}

/** Describes one side of a determinism mismatch: what history holds, or what the code asked for. */
export interface OperationDescription {
  readonly kind: string
  readonly activityId: string
  readonly name?: string
}

/** The code asks for something else than the history holds. The instance is suspended, untouched, and goes on when the code fits again. */
export class NonDeterminismError extends EddaError {
  readonly expected: OperationDescription | null
  readonly actual: readonly OperationDescription[]
  constructor(fields: {
    message: string
    expected: OperationDescription | null
    actual: readonly OperationDescription[]
    cause?: Error
  }) {
    super('NON_DETERMINISM', fields.message, fields.cause && { cause: fields.cause })
    this.expected = fields.expected
    this.actual = fields.actual
  }
}

/** An event could not be sent. `status` is the endpoint's answer, or 0 when none came; then `cause` says why. */
export class HttpError extends EddaError {
  readonly status: number
  /** The answer's body as text, at most 64 KiB; of a stored error its beginning. */
  readonly body: string
  constructor(fields: { status: number; body: string; message: string }, options?: ErrorOptions) {
    super('HTTP', fields.message, options)
    this.status = fields.status
    this.body = fields.body
  }
}

export type CloudEventErrorType =
  | 'InvalidAttribute'
  | 'InvalidData'
  | 'InvalidHeader'
  | 'InvalidJson'
  | 'InvalidUtf8'
  | 'MissingAttribute'
  | 'NotACloudEvent'
  | 'TooLarge'
  | 'UnsupportedMediaType'

/**
 * An HTTP message that is not a valid CloudEvent, or an event that cannot be encoded. `errorType` says what is wrong in a word a program can compare,
 * `message` says it to a person and names the attribute, `status` is the HTTP answer the contract gives (400 does not parse or validate, 413 a limit,
 * 415 an unknown format). It never means "try again": the same bytes fail the same way.
 *
 * @example
 * if (error instanceof CloudEventError) return reply(error.status, { error: error.message, error_type: error.errorType, retryable: false })
 */
export class CloudEventError extends EddaError {
  readonly errorType: CloudEventErrorType
  readonly status: 400 | 413 | 415
  constructor(errorType: CloudEventErrorType, message: string, options?: ErrorOptions) {
    super('CLOUD_EVENT', message, options)
    this.errorType = errorType
    this.status = errorType === 'TooLarge' ? 413 : errorType === 'UnsupportedMediaType' ? 415 : 400
  }
}

/** Another worker owns the instance now: nothing more may be written. */
export class LeaseLostError extends EddaError {
  readonly instanceId: string
  constructor(instanceId: string) {
    super('LEASE_LOST', `Instance ${instanceId} was taken over by another worker`)
    this.instanceId = instanceId
  }
}

export class WorkflowFailedError extends EddaError {
  readonly instanceId: string
  constructor(fields: { instanceId: string; cause: Error }) {
    super('WORKFLOW_FAILED', `Workflow ${fields.instanceId} failed: ${fields.cause.message}`, { cause: fields.cause })
    this.instanceId = fields.instanceId
  }
}

export class WorkflowCancelledError extends EddaError {
  readonly instanceId: string
  readonly by: string | null
  readonly reason: string | null
  constructor(fields: { instanceId: string; by: string | null; reason: string | null }) {
    super(
      'WORKFLOW_CANCELLED',
      `Workflow ${fields.instanceId} was cancelled${fields.by ? ` by ${fields.by}` : ''}${fields.reason ? `: ${fields.reason}` : ''}`,
    )
    this.instanceId = fields.instanceId
    this.by = fields.by
    this.reason = fields.reason
  }
}

export class ChannelModeConflictError extends EddaError {
  readonly channel: string
  readonly existingMode: string
  readonly requestedMode: string
  constructor(fields: { channel: string; existingMode: string; requestedMode: string }) {
    super(
      'CHANNEL_MODE_CONFLICT',
      `Channel '${fields.channel}' is already configured as '${fields.existingMode}' mode. Cannot subscribe with '${fields.requestedMode}' mode.`,
    )
    this.channel = fields.channel
    this.existingMode = fields.existingMode
    this.requestedMode = fields.requestedMode
  }
}

export class NotSubscribedError extends EddaError {
  readonly channel: string
  constructor(channel: string) {
    super(
      'NOT_SUBSCRIBED',
      `Not subscribed to channel '${channel}': call ctx.subscribe('${channel}', { mode }) before ctx.receive('${channel}')`,
    )
    this.channel = channel
  }
}

/** Everything below differs in nothing but class, code and text. */
export class ConfigurationError extends EddaError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONFIGURATION', message, options)
  }
}
export class DatabaseError extends EddaError {
  constructor(message: string, options?: ErrorOptions) {
    super('DATABASE', message, options)
  }
}
export class MigrationError extends EddaError {
  constructor(message: string, options?: ErrorOptions) {
    super('MIGRATION', message, options)
  }
}
export class NotInitializedError extends EddaError {
  constructor(message: string) {
    super('NOT_INITIALIZED', message)
  }
}
export class AmbiguousAppError extends EddaError {
  constructor(workflowName: string) {
    super(
      'AMBIGUOUS_APP',
      `Workflow '${workflowName}' is bound to several apps: use app.start(${workflowName}, input) to say which`,
    )
  }
}
export class DuplicateDefinitionError extends EddaError {
  constructor(kind: string, name: string) {
    super('DUPLICATE_DEFINITION', `Two definitions of ${kind} '${name}' in one app: rename one of them`)
  }
}
export class UnknownWorkflowError extends EddaError {
  constructor(name: string, known: readonly string[]) {
    super(
      'UNKNOWN_WORKFLOW',
      `This worker knows no workflow '${name}'. ${known.length ? `It knows: ${known.join(', ')}` : 'It knows none: pass them in EddaApp({ workflows })'}`,
    )
  }
}
export class InstanceNotFoundError extends EddaError {
  readonly instanceId: string
  constructor(instanceId: string) {
    super('INSTANCE_NOT_FOUND', `No instance '${instanceId}'`)
    this.instanceId = instanceId
  }
}
export class InstanceExistsError extends EddaError {
  readonly instanceId: string
  constructor(instanceId: string) {
    super(
      'INSTANCE_EXISTS',
      `Instance '${instanceId}' exists already: choose another instanceId, or pass onConflict: 'return-existing'`,
    )
    this.instanceId = instanceId
  }
}
export class InvalidStateError extends EddaError {
  constructor(message: string) {
    super('INVALID_STATE', message)
  }
}
export class InvalidFilterError extends EddaError {
  constructor(message: string) {
    super('INVALID_FILTER', message)
  }
}
export class InvalidPageTokenError extends EddaError {
  constructor() {
    super('INVALID_PAGE_TOKEN', 'This page token is not one of this listing: start again without pageToken')
  }
}
export class ResultTimeoutError extends EddaError {
  constructor(instanceId: string, timeoutMs: number) {
    super('RESULT_TIMEOUT', `Instance ${instanceId} has no result after ${timeoutMs} ms; it goes on unharmed`)
  }
}
