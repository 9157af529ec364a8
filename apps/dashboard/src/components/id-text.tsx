import { cn } from '@/lib/cn'
import { CopyButton } from './copy-button'

/** An id in mono with its copy button. */
export function IdText({ id, className }: { id: string; className?: string }) {
  return (
    <span className={cn('group/id inline-flex min-w-0 items-center gap-0.5', className)}>
      <code className="min-w-0 truncate text-xs" title={id}>
        {id}
      </code>
      <CopyButton text={id} label={`Copy ${id}`} className="-my-1 opacity-60 group-hover/id:opacity-100" />
    </span>
  )
}
