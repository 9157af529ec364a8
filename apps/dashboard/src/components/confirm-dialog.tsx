'use client'
/** Before an act: what will happen, to what, and why one does it. The reason goes into the audit. Failure stays in the dialog, where it can be tried again. */
import { CircleAlert } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { describeError } from '@/lib/describe-error'
import { Button } from './ui/button'
import { Dialog } from './ui/dialog'
import { Field, Textarea } from './ui/field'

export interface ConfirmDialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  /** What will happen; names the target when it cannot be undone. */
  readonly consequence: ReactNode
  readonly confirmLabel: string
  readonly danger?: boolean
  readonly reasonRequired?: boolean
  readonly children?: ReactNode
  readonly size?: 'sm' | 'md' | 'lg' | 'xl'
  readonly onConfirm: (reason: string | undefined) => Promise<unknown>
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const [reason, setReason] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await props.onConfirm(reason.trim() || undefined)
      props.onOpenChange(false)
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={props.title}
      description={props.consequence}
      size={props.size ?? 'sm'}
    >
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3 pt-1">
        {props.children}
        <Field
          label={props.reasonRequired ? 'Reason' : 'Reason (optional)'}
          hint="Kept in the audit"
          required={props.reasonRequired ?? false}
        >
          {(ids) => (
            <Textarea
              {...ids}
              rows={2}
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
              required={props.reasonRequired}
            />
          )}
        </Field>
        {error ? (
          <p role="alert" className="flex items-start gap-1.5 break-words text-danger text-xs">
            <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
            <span className="min-w-0">{describeError(error).message}</span>
          </p>
        ) : null}
        <div className="flex justify-end gap-2">
          <Button size="md" onClick={() => props.onOpenChange(false)}>
            Not now
          </Button>
          <Button type="submit" size="md" variant={props.danger ? 'dangerSolid' : 'primary'} disabled={isBusy}>
            {isBusy ? 'Working …' : props.confirmLabel}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
