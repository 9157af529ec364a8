/** Who asks. Roles are ranked: an operator may do what a viewer may, an admin everything. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface Principal {
  /** Goes into the audit: `local`, a token's name, or an OIDC subject. */
  readonly actor: string
  readonly role: Role
  /** `open`: nothing is configured and the server listens on loopback only. */
  readonly via: 'open' | 'token' | 'session'
  readonly tokenId: string | null
  readonly expiresAt: Date | null
}

export function hasRole(principal: Principal | null, role: Role): boolean {
  return principal !== null && ROLES.indexOf(principal.role) >= ROLES.indexOf(role)
}
