/**
 * `ctx.session` before anybody used it: an object that looks like the Prisma transaction client and opens the transaction at the first call.
 * So an activity that never touches it holds no transaction and no connection.
 */

/** @param open opens the transaction once; every call of a client method waits for it */
export function lazyClient(open: () => Promise<unknown>): unknown {
  return member(open, [])
}

function member(open: () => Promise<unknown>, path: readonly PropertyKey[]): unknown {
  return new Proxy(function session() {}, {
    // Not a thenable: `await ctx.session` must not call a method named `then`.
    get: (_target, property) => (property === 'then' ? undefined : member(open, [...path, property])),
    apply: (_target, _self, args: unknown[]) => open().then((client) => call(client, path, args)),
  })
}

function call(client: unknown, path: readonly PropertyKey[], args: readonly unknown[]): unknown {
  let owner: unknown
  let current = client
  for (const name of path) {
    owner = current
    current = (current as Record<PropertyKey, unknown> | undefined)?.[name]
  }
  if (typeof current !== 'function')
    throw new TypeError(`ctx.session.${path.map(String).join('.')} is not a function of the database client`)
  return Reflect.apply(current, owner, args) as unknown
}
