/** Stored input to what the workflow function gets: decoded, and through the schema of today's code. */
import { NonDeterminismError, ValidationError } from '../model/errors'
import { decodeJson } from '../model/json'
import { validate } from '../model/schema'
import type { Definition } from './services'

/** @throws NonDeterminismError caused by the ValidationError when the schema no longer accepts what it once did: the instance is suspended, nothing is lost */
export async function readStoredInput({ workflow }: Definition, text: string): Promise<unknown> {
  const input = decodeJson(text)
  if (!workflow.options.input) return input
  try {
    return await validate(workflow.options.input, input, `input of workflow ${workflow.workflowName}`)
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    throw new NonDeterminismError({
      message: `The input schema of workflow '${workflow.workflowName}' no longer accepts the stored input: ${error.message}`,
      expected: null,
      actual: [],
      cause: error,
    })
  }
}
