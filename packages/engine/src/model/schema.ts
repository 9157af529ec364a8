/** Validation by any Standard Schema library (zod, valibot, arktype …). Source of the interface: https://standardschema.dev, version 1. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ValidationError, type ValidationIssue } from './errors'

export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>
export type SchemaInput<S> = S extends StandardSchemaV1<infer Input, unknown> ? Input : never
export type SchemaOutput<S> = S extends StandardSchemaV1<unknown, infer Output> ? Output : never

/**
 * Validates and returns the schema's output. Stays synchronous when the schema is, which the replay core relies on.
 *
 * @param what names the value in the error, e.g. `input of workflow order`
 * @throws ValidationError with one issue per path
 */
export function validate<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  value: unknown,
  what: string,
): Output | Promise<Output> {
  const result = schema['~standard'].validate(value)
  return result instanceof Promise ? result.then((settled) => unwrap(settled, what)) : unwrap(result, what)
}

function unwrap<Output>(result: StandardSchemaV1.Result<Output>, what: string): Output {
  if (!result.issues) return result.value
  throw new ValidationError({ what, issues: result.issues.map(toIssue) })
}

function toIssue(issue: StandardSchemaV1.Issue): ValidationIssue {
  // `map` would ask arktype's own kind of array for another of its kind, which an empty path is not.
  const path = Array.from(issue.path ?? [], (segment) => String(typeof segment === 'object' ? segment.key : segment))
  return { path: path.join('.'), message: issue.message }
}
