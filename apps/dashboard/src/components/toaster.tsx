'use client'
import { CircleCheck, CircleX, X } from 'lucide-react'
import Link from 'next/link'
import { dismissToast, useToasts } from '@/lib/toast'
import { Button } from './ui/button'

export function Toaster() {
  const toasts = useToasts()
  return (
    <section
      aria-label="Messages"
      className="pointer-events-none fixed right-4 bottom-4 z-60 flex w-96 max-w-[calc(100vw-2rem)] flex-col gap-2"
    >
      <div aria-live="polite" className="contents">
        {toasts.map((toast) => (
          <div
            key={toast.id}
            role={toast.kind === 'error' ? 'alert' : 'status'}
            className="pointer-events-auto flex animate-pop-in items-start gap-2.5 rounded-lg border border-line bg-raised p-3 shadow-pop"
          >
            {toast.kind === 'error' ? (
              <CircleX aria-label="Error" className="mt-0.5 size-4 shrink-0 text-danger" />
            ) : (
              <CircleCheck aria-label="Done" className="mt-0.5 size-4 shrink-0 text-success" />
            )}
            <div className="min-w-0 flex-1">
              <p className="break-words font-medium">{toast.title}</p>
              {toast.detail ? <p className="line-clamp-4 break-words text-ink-muted text-xs">{toast.detail}</p> : null}
              {toast.link ? (
                <Link
                  href={toast.link.href}
                  className="mt-1 inline-block font-medium text-accent text-xs underline-offset-2 hover:underline"
                >
                  {toast.link.label}
                </Link>
              ) : null}
            </div>
            <Button
              variant="ghost"
              size="icon"
              aria-label="Dismiss"
              className="-mt-1 -mr-1"
              onClick={() => dismissToast(toast.id)}
            >
              <X />
            </Button>
          </div>
        ))}
      </div>
    </section>
  )
}
