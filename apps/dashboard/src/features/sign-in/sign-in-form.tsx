'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleAlert, KeyRound, LogIn } from 'lucide-react'
import { useRouter, useSearchParams } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { Logo } from '@/components/shell/logo'
import { Button, buttonVariants } from '@/components/ui/button'
import { Field, Input } from '@/components/ui/field'
import { describeError } from '@/lib/describe-error'
import { useSession } from '@/lib/session'
import { useTRPC } from '@/lib/trpc/client'

export function SignInForm() {
  const search = useSearchParams()
  const router = useRouter()
  const trpc = useTRPC()
  const queries = useQueryClient()
  const { data: session, error: sessionError } = useSession()
  const [token, setToken] = useState('')
  const to = localPath(search.get('to'))
  const login = useMutation(
    trpc.session.login.mutationOptions({
      onSuccess: (state) => {
        queries.setQueryData(trpc.session.me.queryKey(), state)
        router.replace(to)
      },
    }),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    login.mutate({ token: token.trim() })
  }
  const failure = login.error ?? sessionError
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-6 p-6">
      <div className="flex items-center gap-2 font-semibold text-lg tracking-tight">
        <Logo />
        Edda
      </div>
      <div className="w-full max-w-sm rounded-lg border border-line bg-surface p-5">
        <h1 className="font-semibold text-base">Sign in</h1>
        <p className="mt-0.5 text-ink-muted">
          {session?.mode === 'open'
            ? 'No sign-in is configured: whoever reaches this machine is admin.'
            : 'With your organisation’s account, or with an API token.'}
        </p>
        {session?.oidcUrl ? (
          <>
            <a
              href={`${session.oidcUrl}${session.oidcUrl.includes('?') ? '&' : '?'}to=${encodeURIComponent(to)}`}
              className={`${buttonVariants({ variant: 'primary', size: 'md' })} mt-4 w-full`}
            >
              <LogIn />
              Sign in with your organisation
            </a>
            <p className="mt-4 text-center text-ink-faint text-xs">or</p>
          </>
        ) : null}
        <form onSubmit={submit} className="mt-3 flex flex-col gap-3">
          <Field
            label="API token"
            hint="It is exchanged for a session; this browser does not keep it"
            error={failure ? describeError(failure).message : undefined}
          >
            {(ids) => (
              <Input
                {...ids}
                type="password"
                required
                maxLength={200}
                autoComplete="current-password"
                value={token}
                onChange={(event) => setToken(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit" size="md" variant={session?.oidcUrl ? 'outline' : 'primary'} disabled={login.isPending}>
            <KeyRound />
            {login.isPending ? 'Signing in …' : 'Sign in with the token'}
          </Button>
        </form>
        {session?.principal ? (
          <p role="status" className="mt-3 flex items-center gap-1.5 text-ink-muted text-xs">
            <CircleAlert aria-hidden className="size-3.5" />
            You are {session.principal.actor} ({session.principal.role}) already.{' '}
            <a href={to} className="text-accent hover:underline">
              Go on
            </a>
          </p>
        ) : null}
      </div>
    </main>
  )
}

/** Only places on this site: an address elsewhere in `to` would make the sign-in page a door to anywhere. */
export function localPath(to: string | null): string {
  if (!to?.startsWith('/') || to.startsWith('//') || to.includes('\\')) return '/'
  return to
}
