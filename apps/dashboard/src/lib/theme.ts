/** The theme is a cookie, so that the server renders the right class and nothing flashes. No class = the system's scheme (globals.css). */
export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]
export const THEME_COOKIE = 'edda-theme'

export function parseTheme(value: string | undefined): Theme {
  return THEMES.find((theme) => theme === value) ?? 'system'
}

export function themeClass(theme: Theme): string {
  return theme === 'system' ? '' : theme
}

const listeners = new Set<() => void>()
let chosen: Theme | null = null

/** The theme that was chosen since the page was loaded, or null: several switches (menu, palette) agree on it. */
export function chosenTheme(): Theme | null {
  return chosen
}

export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** In the browser: switches at once and remembers for a year. */
export function applyTheme(theme: Theme): void {
  const { classList } = document.documentElement
  classList.remove('light', 'dark')
  if (theme !== 'system') classList.add(theme)
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Safari and Firefox ESR
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=31536000; samesite=lax`
  chosen = theme
  for (const listener of listeners) listener()
}
