/** Any thrown thing in words for a person: what happened, and what the server called it. */
export interface DescribedError {
  readonly title: string
  readonly message: string
  readonly code: string | null
}

const TITLES: Record<string, string> = {
  UNAUTHORIZED: 'You are not signed in',
  FORBIDDEN: 'Your role does not allow this',
  NOT_FOUND: 'Not found',
  TOO_MANY_REQUESTS: 'Too many requests',
  BAD_REQUEST: 'The server refused the request',
  CONFLICT: 'It changed in the meantime',
  PRECONDITION_FAILED: 'Its state does not allow this',
  API_UNREACHABLE: 'The API does not answer',
}

export function describeError(error: unknown): DescribedError {
  const code = errorCode(error)
  const message = error instanceof Error ? error.message : String(error)
  if (code === 'API_UNREACHABLE' || message === 'Failed to fetch') {
    return {
      title: 'The API does not answer',
      message: 'This page tries again by itself until it does. What was loaded stays on screen.',
      code,
    }
  }
  return { title: (code && TITLES[code]) ?? 'Something went wrong', message: plainMessage(message), code }
}

/** The tRPC code of an error, or what the proxy said. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const data = (error as { data?: { code?: unknown } | null }).data
  if (data && typeof data.code === 'string') return data.code
  return error.name === 'ApiUnreachableError' ? 'API_UNREACHABLE' : null
}

/** The engine's own code, where the API passes one on. */
export function engineCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const data = (error as { data?: { engineCode?: unknown } | null }).data
  return data && typeof data.engineCode === 'string' ? data.engineCode : null
}

/** Validation errors arrive as a JSON list of issues: write them as sentences. */
function plainMessage(message: string): string {
  if (!message.startsWith('[')) return message
  try {
    const issues = JSON.parse(message) as readonly { message?: unknown; path?: readonly unknown[] }[]
    return issues.map((issue) => `${issue.path?.join('.') || 'input'}: ${String(issue.message)}`).join('; ')
  } catch {
    return message
  }
}
