/** The engine as this app sees it: exactly the methods it calls. `EddaApp` satisfies it; tests may too. The one place that names engine types. */
import type { Admin, AuditEntry, CloudEvent, OperationDescription } from '@edda/engine'

/** See `Marks` in the engine's storage/statistics.ts. */
export type Marks = Awaited<ReturnType<Admin['instances']['marks']>>
export type InstanceMark = Marks['instances'][number]

/** Who asked for a verb of the façade; `audit` is written in the verb's own transaction. */
interface OperatorOptions {
  readonly by?: string
  readonly reason?: string
  readonly audit?: AuditEntry
}

interface DryReplay {
  readonly ok: boolean
  readonly events: number
  readonly divergence?: {
    readonly message: string
    readonly expected: OperationDescription | null
    readonly actual: readonly OperationDescription[]
  }
}

export interface EngineApp {
  readonly admin: Admin
  /** Counters of this process since it started. */
  readonly metrics: {
    readonly flushes: number
    readonly transitions: number
    readonly transactions: number
    readonly statements: number
  }
  start(
    workflow: string,
    input: unknown,
    options?: {
      readonly instanceId?: string
      readonly tags?: Readonly<Record<string, string>>
      readonly startAt?: Date
      readonly audit?: AuditEntry
    },
  ): Promise<{ readonly instanceId: string }>
  retry(id: string, options?: OperatorOptions): Promise<{ readonly instanceId: string }>
  fork(
    id: string,
    options?: OperatorOptions & { readonly fromSeq?: number; readonly input?: unknown; readonly instanceId?: string },
  ): Promise<{ readonly instanceId: string }>
  dryReplay(id: string): Promise<DryReplay>
  handleCloudEvent(
    event: CloudEvent,
    options?: { readonly wait?: boolean; readonly audit?: AuditEntry },
  ): Promise<unknown>
  fetch(request: Request): Promise<Response>
}
