/** What the database keeps of each definition: source, hash, schemas. Feeds the start form, the diagram and the workflow pages. */
import type { Workflow } from './model/definition'
import type { Schema } from './model/schema'
import type { Definition } from './runtime/services'
import type { DefinitionRow } from './storage/storage'

export function definitionRows(definitions: readonly Definition[], now: number): readonly DefinitionRow[] {
  return definitions.map(({ workflow, sourceHash }) => ({
    name: workflow.workflowName,
    sourceHash,
    source: workflow.fn.toString(),
    inputSchema: jsonSchema(workflow.options.input, 'input'),
    outputSchema: jsonSchema(workflow.options.output, 'output'),
    description: workflow.options.description ?? null,
    version: workflow.options.version ?? null,
    eventType: eventTypeOf(workflow) ?? null,
    createdAt: now,
  }))
}

/** The CloudEvent type that starts this workflow, if any. */
export function eventTypeOf({ options, workflowName }: Workflow): string | undefined {
  return options.eventHandler === true ? workflowName : options.eventHandler || undefined
}

/** zod and arktype say their JSON Schema by the Standard JSON Schema extension; others are shown without a form. */
function jsonSchema(schema: Schema<unknown, unknown> | undefined, side: 'input' | 'output'): string | null {
  const standard = schema?.['~standard'] as
    | { jsonSchema?: Record<string, (options: { target: string }) => unknown> }
    | undefined
  try {
    const form = standard?.jsonSchema?.[side]?.({ target: 'draft-2020-12' })
    return form === undefined ? null : JSON.stringify(form)
  } catch {
    // A schema with a part that JSON Schema cannot say (a transform, a custom check) is validated all the same.
    return null
  }
}
