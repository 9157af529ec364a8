/** One table from engine error codes to tRPC codes. A code that is missing here does not compile. */
import { EddaError, type EddaErrorCode } from '@edda/engine'
import { TRPCError } from '@trpc/server'

const CODES: Readonly<Record<EddaErrorCode, TRPCError['code']>> = {
  AMBIGUOUS_APP: 'INTERNAL_SERVER_ERROR',
  CHANNEL_MODE_CONFLICT: 'CONFLICT',
  CLOUD_EVENT: 'BAD_REQUEST',
  CONFIGURATION: 'INTERNAL_SERVER_ERROR',
  DATABASE: 'SERVICE_UNAVAILABLE',
  DUPLICATE_DEFINITION: 'INTERNAL_SERVER_ERROR',
  EVENT_TIMEOUT: 'TIMEOUT',
  HTTP: 'BAD_GATEWAY',
  INSTANCE_EXISTS: 'CONFLICT',
  INSTANCE_NOT_FOUND: 'NOT_FOUND',
  INVALID_FILTER: 'BAD_REQUEST',
  INVALID_PAGE_TOKEN: 'BAD_REQUEST',
  INVALID_STATE: 'PRECONDITION_FAILED',
  LEASE_LOST: 'CONFLICT',
  MIGRATION: 'SERVICE_UNAVAILABLE',
  NON_DETERMINISM: 'PRECONDITION_FAILED',
  NOT_INITIALIZED: 'SERVICE_UNAVAILABLE',
  NOT_SUBSCRIBED: 'PRECONDITION_FAILED',
  RECEIVE_TIMEOUT: 'TIMEOUT',
  RESULT_TIMEOUT: 'TIMEOUT',
  RETRY_EXHAUSTED: 'INTERNAL_SERVER_ERROR',
  SERIALIZATION: 'BAD_REQUEST',
  TERMINAL: 'INTERNAL_SERVER_ERROR',
  TIMEOUT: 'TIMEOUT',
  UNKNOWN_WORKFLOW: 'NOT_FOUND',
  VALIDATION: 'BAD_REQUEST',
  WORKFLOW_CANCELLED: 'CONFLICT',
  WORKFLOW_FAILED: 'CONFLICT',
}

/** What every error answer carries beside tRPC's own fields, so that a form can show an issue at its field. */
export interface ErrorDetails {
  readonly engineCode: EddaErrorCode | null
  readonly issues: readonly { readonly path: string; readonly message: string }[]
  readonly requestId: string | null
}

/** An engine error in tRPC's terms; anything else stays what it is and is answered as an internal error. */
export function toTrpcError(error: unknown): TRPCError | null {
  return error instanceof EddaError
    ? new TRPCError({ code: CODES[error.code], message: error.message, cause: error })
    : null
}

export function notFound(what: string): TRPCError {
  return new TRPCError({ code: 'NOT_FOUND', message: what })
}
