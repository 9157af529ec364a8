/** The log of workflow code: what was said once is not said again when history is replayed. */
import type { Log } from '../model/context'
import type { ContextHost } from './host'

export function silentWhileReplaying(execution: ContextHost): Log {
  const at =
    (level: keyof Log) =>
    (fields: object | string, message?: string): void => {
      if (!execution.isReplaying) execution.log[level](fields, message)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
