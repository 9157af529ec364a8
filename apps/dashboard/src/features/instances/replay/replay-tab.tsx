'use client'
/** Walk through the history: the graph and every operation as they stood after event n. And the question whether today's code would walk it too. */
import dynamic from 'next/dynamic'
import { useEffect, useMemo, useState } from 'react'
import { Panel } from '@/components/page-header'
import type { HistoryRecord, InstanceDetails } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { useHotkeys } from '@/lib/hotkeys'
import { useMay } from '@/lib/session'
import { TONE_TEXT } from '@/lib/status'
import { GraphTab } from '../graph/graph-tab'
import { KIND_LOOK, STATE_LOOK } from '../model/look'
import type { Operation } from '../model/operations'
import { replayStateAt } from '../model/replay-state'
import { CodeCheck } from './code-check'
import { Scrubber } from './scrubber'

const ForkDialog = dynamic(() => import('../actions/fork-dialog').then((module) => module.ForkDialog), { ssr: false })

export interface ReplayTabProps {
  readonly details: InstanceDetails
  readonly events: readonly HistoryRecord[]
  readonly operations: readonly Operation[]
  readonly at: number | null
  readonly onAt: (at: number | null) => void
  readonly selected: string | null
  readonly onSelect: (id: string | null) => void
}

const FRAME_MS = 450

export function ReplayTab({ details, events, operations, at, onAt, selected, onSelect }: ReplayTabProps) {
  const last = events.length
  const position = Math.min(Math.max(at ?? last, 0), last)
  const [isPlaying, setPlaying] = useState(false)
  const [fork, setFork] = useState<number | null>(null)
  const may = useMay()
  const startedAt = details.instance.startedAt.getTime()
  const state = useMemo(
    () => replayStateAt(position, events, operations, details.compensations, startedAt),
    [position, events, operations, details.compensations, startedAt],
  )
  const go = (next: number) => onAt(Math.min(Math.max(next, 0), last))
  useEffect(() => {
    if (!isPlaying) return
    if (position >= last) return setPlaying(false)
    const timer = setTimeout(() => onAt(position + 1), FRAME_MS)
    return () => clearTimeout(timer)
  }, [isPlaying, position, last, onAt])
  useHotkeys([
    { keys: 'arrowright', label: 'Next event', group: 'Replay', run: () => go(position + 1) },
    { keys: 'arrowleft', label: 'Previous event', group: 'Replay', run: () => go(position - 1) },
    { keys: 'p', label: 'Play or pause', group: 'Replay', run: () => setPlaying(!isPlaying) },
  ])
  const shownDetails = useMemo(
    () => ({ ...details, compensations: state.compensations }),
    [details, state.compensations],
  )
  return (
    <div className="flex flex-col gap-3 py-3">
      <CodeCheck instanceId={details.instance.instanceId} />
      <Scrubber
        position={position}
        last={last}
        state={state}
        elapsedMs={state.time - startedAt}
        isPlaying={isPlaying}
        onPlay={(next) => {
          if (next && position >= last) onAt(0)
          setPlaying(next)
        }}
        onGo={go}
        onFork={may.operate ? () => setFork((state.event?.seq ?? 0) + 1) : null}
      />
      <div className="grid gap-3 xl:grid-cols-[1fr_18rem]">
        <GraphTab
          details={shownDetails}
          operations={state.operations}
          hasEnded={state.hasEnded && position === last && details.instance.completedAt !== null}
          selected={selected}
          onSelect={onSelect}
          className="h-[min(32rem,60vh)]"
        />
        <OperationList operations={state.operations} selected={selected} onSelect={onSelect} />
      </div>
      {fork === null ? null : (
        <ForkDialog instanceId={details.instance.instanceId} fromSeq={fork} onClose={() => setFork(null)} />
      )}
    </div>
  )
}

const SHOWN = 300

function OperationList({
  operations,
  selected,
  onSelect,
}: {
  operations: readonly Operation[]
  selected: string | null
  onSelect: (id: string) => void
}) {
  const steps = operations.filter((operation) => operation.kind !== 'marker')
  return (
    <Panel title={`Operations, ${steps.length}`}>
      <ul className="max-h-[min(29rem,55vh)] overflow-auto py-1 text-xs">
        {steps
          .slice(-SHOWN)
          .reverse()
          .map((operation) => {
            const { icon: Icon } = KIND_LOOK[operation.kind]
            const look = STATE_LOOK[operation.state]
            return (
              <li key={operation.id}>
                <button
                  type="button"
                  onClick={() => onSelect(operation.id)}
                  className={cn(
                    'flex w-full items-center gap-2 px-3 py-1 text-left outline-offset-[-2px] hover:bg-hover',
                    operation.id === selected && 'bg-selected',
                  )}
                >
                  <Icon aria-hidden className={cn('size-3.5 shrink-0', TONE_TEXT[look.tone])} />
                  <span className="min-w-0 flex-1 truncate">{operation.id}</span>
                  <span className={cn('shrink-0', TONE_TEXT[look.tone])}>{look.label}</span>
                </button>
              </li>
            )
          })}
        {steps.length === 0 ? <li className="px-3 py-6 text-center text-ink-muted">Nothing yet</li> : null}
      </ul>
    </Panel>
  )
}
