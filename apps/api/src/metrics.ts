/** `GET /metrics`: this process's counters and what the database holds, in Prometheus's text format. Counts that end at a limit say so in their help. */
import type { InstanceCounts } from '@edda/engine'
import type { EngineApp } from './engine'

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly values: readonly (readonly [labels: string, value: number])[]
}

export function metricsText(counters: EngineApp['metrics'], counts: InstanceCounts): string {
  const { byStatus, attention, countedUpTo } = counts
  const counter = (name: string, help: string, value: number): Metric => ({
    name: `edda_${name}_total`,
    type: 'counter',
    help,
    values: [['', value]],
  })
  const metrics: readonly Metric[] = [
    counter('flushes', 'Transactions of the commit queue in this process', counters.flushes),
    counter('transitions', 'Units that those committed: starts, transitions, publishes', counters.transitions),
    counter('transactions', 'Database transactions of this process', counters.transactions),
    counter('statements', 'SQL statements of this process', counters.statements),
    {
      name: 'edda_instances',
      type: 'gauge',
      help: 'Instances by status in the database; edda_instances_at_least names those that were not counted to the end',
      values: Object.entries(byStatus).map(([status, count]) => [`{status="${status}"}`, count]),
    },
    {
      name: 'edda_instances_at_least',
      type: 'gauge',
      help: '1: there are at least as many instances of this status as edda_instances says',
      values: Object.keys(byStatus).map((status) => [
        `{status="${status}"}`,
        counts.atLeast.some((one) => one === status) ? 1 : 0,
      ]),
    },
    {
      name: 'edda_attention',
      type: 'gauge',
      help: `What may need a person, counted up to ${countedUpTo} each (failed and suspended: as edda_instances)`,
      values: Object.entries(attention).map(([kind, count]) => [`{kind="${kind}"}`, count]),
    },
  ]
  return metrics
    .map(({ name, type, help, values }) =>
      [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
        ...values.map(([labels, value]) => `${name}${labels} ${value}`),
        '',
      ].join('\n'),
    )
    .join('')
}
