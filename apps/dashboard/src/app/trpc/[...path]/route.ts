import { forward } from '@/lib/forward'

export const dynamic = 'force-dynamic'

async function handle(request: Request, context: { params: Promise<{ path: string[] }> }): Promise<Response> {
  const { path } = await context.params
  return forward(request, 'trpc', path)
}

export { handle as GET, handle as POST }
