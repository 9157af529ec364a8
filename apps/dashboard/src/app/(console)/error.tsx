'use client'
/** Loaded with every page, so it brings nothing along. */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-6 py-14 text-center">
      <h2 className="font-semibold text-base">This page broke</h2>
      <p className="max-w-lg text-pretty text-ink-muted">{error.message || 'Your workflows are not affected.'}</p>
      <button
        type="button"
        onClick={reset}
        className="mt-2 h-8 rounded-md border border-line-strong bg-surface px-3 font-medium hover:bg-hover"
      >
        Try again
      </button>
    </div>
  )
}
