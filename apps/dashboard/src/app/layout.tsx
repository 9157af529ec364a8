import type { Metadata, Viewport } from 'next'
import { cookies, headers } from 'next/headers'
import type { ReactNode } from 'react'
import { parseTheme, THEME_COOKIE, themeClass } from '@/lib/theme'
import './globals.css'
import { Providers } from './providers'

export const metadata: Metadata = {
  title: { default: 'Edda', template: '%s · Edda' },
  description: 'What runs, what waits and why, and what one can safely do about it',
  robots: { index: false, follow: false },
}

export const viewport: Viewport = { colorScheme: 'light dark', width: 'device-width', initialScale: 1 }

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Reading the request makes every page dynamic, which the nonce of its Content-Security-Policy needs.
  const nonce = (await headers()).get('x-nonce') ?? ''
  const theme = parseTheme((await cookies()).get(THEME_COOKIE)?.value)
  return (
    <html lang="en" className={themeClass(theme)} suppressHydrationWarning>
      <body className="min-h-dvh bg-canvas text-ink antialiased">
        <Providers nonce={nonce}>{children}</Providers>
      </body>
    </html>
  )
}
