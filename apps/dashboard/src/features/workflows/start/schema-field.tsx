'use client'
/** One field of the start form, drawn from its model; objects, lists and unions hold further ones. Each shows the complaints about its own path. */
import { Plus, Trash2 } from 'lucide-react'
import { useId } from 'react'
import { Button } from '@/components/ui/button'
import { Checkbox, Input, Field as Labelled, Select, Textarea } from '@/components/ui/field'
import { cn } from '@/lib/cn'
import {
  buildField,
  chosenOption,
  type Field,
  getAt,
  type Issue,
  initialValue,
  type JsonSchema,
  type Path,
} from './form-model'
import { RawJsonField } from './raw-json-field'

export interface FormContext {
  readonly root: JsonSchema
  readonly value: unknown
  readonly issues: readonly Issue[]
  readonly onChange: (path: Path, value: unknown) => void
}

interface Props {
  readonly schema: JsonSchema
  readonly path: Path
  readonly label: string
  readonly required: boolean
  readonly form: FormContext
}

export function SchemaField({ schema, path, label, required, form }: Props) {
  const field = buildField(schema, form.root, label, required)
  const value = getAt(form.value, path)
  const error = form.issues.find((issue) => issue.path === path.join('.'))?.message
  switch (field.kind) {
    case 'object':
      return <ObjectField field={field} path={path} value={value} error={error} form={form} />
    case 'array':
      return <ArrayField field={field} path={path} value={value} error={error} form={form} />
    case 'union':
      return <UnionField field={field} path={path} value={value} form={form} />
    case 'boolean':
      return <BooleanField field={field} path={path} value={value} error={error} form={form} />
    case 'const':
      return (
        <p className="text-xs">
          <span className="font-medium">{field.label}</span>{' '}
          <code className="text-ink-muted">{JSON.stringify(field.value)}</code>
        </p>
      )
    case 'json':
      return (
        <RawJsonField
          label={field.label}
          required={required}
          value={value}
          error={error}
          onChange={(next) => form.onChange(path, next)}
        />
      )
    default:
      return <ScalarField field={field} path={path} value={value} error={error} form={form} />
  }
}

function BooleanField({
  field,
  path,
  value,
  error,
  form,
}: {
  field: Extract<Field, { kind: 'boolean' }>
  path: Path
  value: unknown
  error: string | undefined
  form: FormContext
}) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="flex items-center gap-2 font-medium text-xs">
        <Checkbox id={id} checked={value === true} onChange={(event) => form.onChange(path, event.target.checked)} />
        {field.label}
      </label>
      {field.description || error ? (
        <p className={cn('mt-0.5 pl-5.5 text-xs', error ? 'text-danger' : 'text-ink-muted')}>
          {error ?? field.description}
        </p>
      ) : null}
    </div>
  )
}

const INPUT_TYPES: Readonly<Record<string, string>> = {
  email: 'email',
  date: 'date',
  uri: 'url',
  url: 'url',
  time: 'time',
}

function ScalarField({
  field,
  path,
  value,
  error,
  form,
}: {
  field: Extract<Field, { kind: 'string' | 'number' | 'enum' }>
  path: Path
  value: unknown
  error: string | undefined
  form: FormContext
}) {
  const set = (next: unknown) => form.onChange(path, next)
  return (
    <Labelled
      label={field.label}
      required={field.required}
      hint={field.description ?? hintOf(field.schema)}
      error={error}
    >
      {(ids) => {
        if (field.kind === 'enum') {
          return (
            <Select
              {...ids}
              value={value === undefined ? '' : JSON.stringify(value)}
              onChange={(event) => set(event.target.value === '' ? undefined : JSON.parse(event.target.value))}
            >
              {field.required ? null : <option value="">not set</option>}
              {field.options.map((option) => (
                <option key={JSON.stringify(option)} value={JSON.stringify(option)}>
                  {String(option)}
                </option>
              ))}
            </Select>
          )
        }
        if (field.kind === 'number') {
          return (
            <Input
              {...ids}
              type="number"
              inputMode={field.isInteger ? 'numeric' : 'decimal'}
              step={field.isInteger ? 1 : 'any'}
              value={typeof value === 'number' ? value : ''}
              onChange={(event) => set(event.target.value === '' ? undefined : event.target.valueAsNumber)}
            />
          )
        }
        const text = typeof value === 'string' ? value : ''
        const change = (next: string) => set(next === '' && !field.required ? undefined : next)
        if (field.isLong)
          return <Textarea {...ids} rows={3} value={text} onChange={(event) => change(event.target.value)} />
        return (
          <Input
            {...ids}
            type={INPUT_TYPES[field.format ?? ''] ?? 'text'}
            placeholder={exampleOf(field.schema)}
            value={text}
            onChange={(event) => change(event.target.value)}
          />
        )
      }}
    </Labelled>
  )
}

function ObjectField({
  field,
  path,
  value,
  error,
  form,
}: {
  field: Extract<Field, { kind: 'object' }>
  path: Path
  value: unknown
  error: string | undefined
  form: FormContext
}) {
  const isRoot = path.length === 0
  if (value === undefined && !isRoot) {
    return (
      <Button className="self-start" onClick={() => form.onChange(path, initialValue(field.schema, form.root))}>
        <Plus />
        {field.label}
      </Button>
    )
  }
  if (field.members.length === 0)
    return (
      <RawJsonField
        label={field.label}
        required={field.required}
        value={value}
        error={error}
        onChange={(next) => form.onChange(path, next)}
      />
    )
  const members = field.members.map((member) => (
    <SchemaField
      key={member.name}
      schema={member.schema}
      path={[...path, member.name]}
      label={member.name}
      required={member.required}
      form={form}
    />
  ))
  if (isRoot) return <div className="flex flex-col gap-3.5">{members}</div>
  return (
    <fieldset className="flex flex-col gap-3 rounded-md border border-line p-3 pt-2">
      <legend className="flex items-center gap-1 px-1 font-medium text-xs">
        {field.label}
        {field.required ? null : (
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove ${field.label}`}
            onClick={() => form.onChange(path, undefined)}
          >
            <Trash2 />
          </Button>
        )}
      </legend>
      {field.description ? <p className="text-ink-muted text-xs">{field.description}</p> : null}
      {members}
      {error ? <p className="text-danger text-xs">{error}</p> : null}
    </fieldset>
  )
}

function ArrayField({
  field,
  path,
  value,
  error,
  form,
}: {
  field: Extract<Field, { kind: 'array' }>
  path: Path
  value: unknown
  error: string | undefined
  form: FormContext
}) {
  const items = Array.isArray(value) ? (value as readonly unknown[]) : []
  return (
    <fieldset className="flex flex-col gap-2 rounded-md border border-line p-3 pt-2">
      <legend className="px-1 font-medium text-xs">
        {field.label} <span className="text-ink-faint tabular">{items.length}</span>
      </legend>
      {field.description ? <p className="text-ink-muted text-xs">{field.description}</p> : null}
      {items.map((_item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the only identity that an item of a list has
        <div key={index} className="flex items-start gap-1.5">
          <div className="min-w-0 flex-1">
            <SchemaField
              schema={field.items}
              path={[...path, index]}
              label={`${field.label} ${index + 1}`}
              required
              form={form}
            />
          </div>
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove ${field.label} ${index + 1}`}
            disabled={items.length <= field.least}
            onClick={() => form.onChange([...path, index], undefined)}
          >
            <Trash2 />
          </Button>
        </div>
      ))}
      <Button
        className="self-start"
        disabled={items.length >= field.most}
        onClick={() => form.onChange(path, [...items, initialValue(field.items, form.root)])}
      >
        <Plus />
        Add
      </Button>
      {error ? <p className="text-danger text-xs">{error}</p> : null}
    </fieldset>
  )
}

function UnionField({
  field,
  path,
  value,
  form,
}: {
  field: Extract<Field, { kind: 'union' }>
  path: Path
  value: unknown
  form: FormContext
}) {
  const chosen = value === undefined ? -1 : chosenOption(field.options, value, form.root)
  const option = field.options[chosen]
  const isNull = option?.schema.type === 'null'
  return (
    <div className="flex flex-col gap-2">
      <Labelled label={field.label} required={field.required} hint={field.description}>
        {(ids) => (
          <Select
            {...ids}
            value={chosen}
            onChange={(event) => {
              const next = field.options[Number(event.target.value)]
              form.onChange(path, next ? initialValue(next.schema, form.root) : undefined)
            }}
          >
            {field.required ? null : <option value={-1}>not set</option>}
            {field.options.map((one, index) => (
              <option key={one.label} value={index}>
                {one.label}
              </option>
            ))}
          </Select>
        )}
      </Labelled>
      {option && !isNull ? (
        <SchemaField key={chosen} schema={option.schema} path={path} label={option.label} required form={form} />
      ) : null}
    </div>
  )
}

const FORMATS: Readonly<Record<string, string>> = {
  email: 'An address such as ada@example.com',
  uri: 'An address such as https://example.com',
  uuid: 'A UUID',
  'date-time': 'A time such as 2026-11-01T08:00:00Z',
  date: 'A day such as 2026-11-01',
}

function hintOf(schema: JsonSchema): string | undefined {
  const low = schema.minimum ?? schema.exclusiveMinimum
  const high = schema.maximum ?? schema.exclusiveMaximum
  if (low !== undefined && high !== undefined) return `${String(low)} to ${String(high)}`
  // a format's name tells more than the expression it stands for
  if (typeof schema.format === 'string') return FORMATS[schema.format]
  if (typeof schema.pattern === 'string' && schema.pattern.length <= 40) return `Form: ${schema.pattern}`
  return undefined
}

function exampleOf(schema: JsonSchema): string | undefined {
  const example = Array.isArray(schema.examples) ? (schema.examples[0] as unknown) : schema.example
  return typeof example === 'string' ? example : undefined
}
