import type { ReactNode } from 'react'

export function PageHeader({
  title,
  description,
  actions,
}: {
  title: ReactNode
  description?: ReactNode
  actions?: ReactNode
}) {
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 pt-4 pb-3 lg:px-6">
      <div className="min-w-0 flex-1">
        <h1 className="font-semibold text-lg tracking-tight">{title}</h1>
        {description ? <p className="max-w-3xl text-pretty text-ink-muted">{description}</p> : null}
      </div>
      {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
    </header>
  )
}

export function Panel({
  title,
  actions,
  children,
  className,
}: {
  title?: ReactNode
  actions?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <section className={`min-w-0 rounded-lg border border-line bg-surface ${className ?? ''}`}>
      {title ? (
        <header className="flex min-h-10 items-center gap-2 border-line border-b px-3 py-1.5">
          <h2 className="min-w-0 flex-1 truncate font-semibold text-sm">{title}</h2>
          {actions}
        </header>
      ) : null}
      {children}
    </section>
  )
}
