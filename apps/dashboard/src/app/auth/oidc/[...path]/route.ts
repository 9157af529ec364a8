/** Sign-in at the identity provider is the API's: redirects and cookies pass through as they are. */
import { forward } from '@/lib/forward'

export const dynamic = 'force-dynamic'

async function handle(request: Request, context: { params: Promise<{ path: string[] }> }): Promise<Response> {
  const { path } = await context.params
  return forward(request, 'auth/oidc', path)
}

export { handle as GET, handle as POST }
