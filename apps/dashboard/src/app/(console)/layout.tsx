import { cookies } from 'next/headers'
import { type ReactNode, Suspense } from 'react'
import { Shell } from '@/components/shell/shell'
import { parseTheme, THEME_COOKIE } from '@/lib/theme'

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const theme = parseTheme((await cookies()).get(THEME_COOKIE)?.value)
  return (
    <Suspense>
      <Shell theme={theme}>{children}</Shell>
    </Suspense>
  )
}
