import { type ComponentProps, type ReactNode, useId } from 'react'
import { cn } from '@/lib/cn'

const CONTROL =
  'rounded-md border border-line-strong/70 bg-surface text-ink transition-colors hover:border-line-strong focus:border-focus focus:outline-2 focus:outline-focus/30 focus:outline-offset-0 disabled:opacity-60 aria-[invalid=true]:border-danger'

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return (
    <input
      autoComplete="off"
      spellCheck={false}
      className={cn(CONTROL, 'px-2.5', sized(className, 'h-8'))}
      {...props}
    />
  )
}

export function Textarea({ className, ...props }: ComponentProps<'textarea'>) {
  return (
    <textarea spellCheck={false} className={cn(CONTROL, 'min-h-16 px-2.5 py-1.5', sized(className, ''))} {...props} />
  )
}

/** The platform's own select: best keyboard, best on a phone, no script. */
export function Select({ className, children, ...props }: ComponentProps<'select'>) {
  return (
    <select className={cn(CONTROL, 'px-2', sized(className, 'h-8'))} {...props}>
      {children}
    </select>
  )
}

export function Checkbox({ className, ...props }: ComponentProps<'input'>) {
  return <input type="checkbox" className={cn('block size-3.5 shrink-0 accent-accent', className)} {...props} />
}

/** Label, control, hint and error, tied together for screen readers. */
export function Field({
  label,
  hint,
  error,
  required = false,
  children,
}: {
  label: ReactNode
  hint?: ReactNode
  error?: string | undefined
  required?: boolean
  children: (ids: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ReactNode
}) {
  const id = useId()
  const noteId = `${id}-note`
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium text-ink text-xs">
        {label}
        {required ? (
          <span className="text-danger" title="required">
            {' '}
            *
          </span>
        ) : null}
      </label>
      {children({ id, 'aria-describedby': error || hint ? noteId : undefined, 'aria-invalid': Boolean(error) })}
      {error ? (
        <p id={noteId} className="text-danger text-xs">
          {error}
        </p>
      ) : hint ? (
        <p id={noteId} className="text-ink-muted text-xs">
          {hint}
        </p>
      ) : null}
    </div>
  )
}

/** Width, height and text size as asked for, else the usual ones. */
function sized(asked: string | undefined, height: string): string {
  const own = asked ?? ''
  const usual = [
    /\bw-/.test(own) ? '' : 'w-full',
    /\bh-/.test(own) ? '' : height,
    /\btext-(2xs|xs)\b/.test(own) ? '' : 'text-sm',
  ]
  return [own, ...usual].filter(Boolean).join(' ')
}
