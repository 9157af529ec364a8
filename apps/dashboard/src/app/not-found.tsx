/** Loaded with every page, so it brings nothing along: a plain link, no router. */
export default function NotFound() {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-2 p-6 text-center">
      <h1 className="font-semibold text-base">There is no such page</h1>
      <p className="text-ink-muted">The address may be mistyped, or the page has moved.</p>
      <a href="/" className="mt-2 font-medium text-accent hover:underline">
        To the overview
      </a>
    </main>
  )
}
