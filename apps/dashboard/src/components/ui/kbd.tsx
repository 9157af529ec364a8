const NAMES: Record<string, string> = { mod: '⌘', enter: '↵', escape: 'esc', arrowup: '↑', arrowdown: '↓' }

/** `g i`, `mod+k`: keys as people know them from their keyboard. */
export function Kbd({ keys }: { keys: string }) {
  const isMac = typeof navigator === 'undefined' || /Mac|iP(hone|ad)/.test(navigator.platform)
  return (
    <span className="inline-flex gap-0.5">
      {keys.split(/[ +]/).map((key, index) => (
        <kbd
          // biome-ignore lint/suspicious/noArrayIndexKey: the same key may come twice and the list never changes
          key={index}
          suppressHydrationWarning
          className="inline-flex h-4.5 min-w-4.5 items-center justify-center rounded-sm border border-line bg-sunken px-1 font-sans text-2xs text-ink-muted"
        >
          {key === 'mod' && !isMac ? 'Ctrl' : (NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))}
        </kbd>
      ))}
    </span>
  )
}
