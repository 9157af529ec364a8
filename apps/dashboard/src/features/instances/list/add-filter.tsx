'use client'
import { Plus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field, Input, Select } from '@/components/ui/field'
import { Popover } from '@/components/ui/popover'
import { type InstanceFilters, isInputPath } from './filters'
import { parseScalar } from './query-text'

const KINDS = {
  input: 'Input path = value',
  workflow: 'Workflow contains',
  id: 'Instance id contains',
  error: 'Error text contains',
  tag: 'Tag = value',
  after: 'Started after',
  before: 'Started before',
} as const
type Kind = keyof typeof KINDS

export function AddFilter({
  filters,
  onChange,
}: {
  filters: InstanceFilters
  onChange: (filters: InstanceFilters) => void
}) {
  const [open, setOpen] = useState(false)
  const [kind, setKind] = useState<Kind>('input')
  const [name, setName] = useState('')
  const [value, setValue] = useState('')
  const [error, setError] = useState<string>()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const next = added(filters, kind, name.trim(), value)
    if (typeof next === 'string') return setError(next)
    onChange(next)
    setOpen(false)
    setName('')
    setValue('')
    setError(undefined)
  }
  const isNamed = kind === 'input' || kind === 'tag'
  const isDate = kind === 'after' || kind === 'before'
  return (
    <Popover
      label="Add a filter"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <Button>
          <Plus />
          Filter
        </Button>
      }
    >
      <form onSubmit={submit} className="flex flex-col gap-3">
        <Field label="Filter by">
          {(ids) => (
            <Select {...ids} value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
              {Object.entries(KINDS).map(([id, label]) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {isNamed ? (
          <Field
            label={kind === 'input' ? 'Path' : 'Tag'}
            hint={kind === 'input' ? 'Names joined by dots, e.g. order.id' : undefined}
          >
            {(ids) => (
              <Input
                {...ids}
                value={name}
                onChange={(event) => setName(event.target.value)}
                className="font-mono text-xs"
              />
            )}
          </Field>
        ) : null}
        <Field
          label="Value"
          error={error}
          hint={kind === 'input' ? 'Exact match; 12, true and null are taken as such, "12" as text' : undefined}
        >
          {(ids) => (
            <Input
              {...ids}
              type={isDate ? 'datetime-local' : 'text'}
              step={1}
              value={value}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" variant="primary">
          Add filter
        </Button>
      </form>
    </Popover>
  )
}

/** The filters with one more condition, or what is wrong with it. */
function added(filters: InstanceFilters, kind: Kind, name: string, value: string): InstanceFilters | string {
  if (kind === 'input') {
    if (!isInputPath(name)) return 'The path must be names joined by dots'
    const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"')
    return {
      ...filters,
      input: { ...filters.input, [name]: parseScalar(isQuoted ? value.slice(1, -1) : value, isQuoted) },
    }
  }
  if (value.trim() === '') return 'A value is needed'
  if (kind === 'tag') return name ? { ...filters, tags: { ...filters.tags, [name]: value } } : 'The tag needs a name'
  if (kind === 'after' || kind === 'before') return { ...filters, [kind]: new Date(value) }
  return { ...filters, [kind]: value.trim() }
}
