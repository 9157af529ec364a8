'use client'
import { memo } from 'react'
import { cn } from '@/lib/cn'
import { formatDuration } from '@/lib/format'
import { TONE_FILL, TONE_TEXT } from '@/lib/status'
import { KIND_LOOK, STATE_LOOK } from '../model/look'
import { isWait, type Operation } from '../model/operations'
import type { TimeScale } from '../model/time-scale'
import { LABEL_WIDTH } from './axis'

interface Props {
  readonly operation: Operation
  readonly scale: TimeScale
  readonly endAt: number
  readonly top: number
  readonly height: number
  readonly isSelected: boolean
  readonly onSelect: (id: string) => void
}

export const TimelineRow = memo(function TimelineRow({
  operation,
  scale,
  endAt,
  top,
  height,
  isSelected,
  onSelect,
}: Props) {
  const { icon: Icon, label } = KIND_LOOK[operation.kind]
  const { tone, label: stateLabel } = STATE_LOOK[operation.state]
  const to = operation.endAt ?? endAt
  const left = scale.at(operation.startAt)
  const width = Math.max(0, scale.at(to) - left)
  const duration = formatDuration(to - operation.startAt)
  const isOutside = to < scale.from || operation.startAt > scale.to
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-pressed={isSelected}
      aria-label={`${label} ${operation.id}, ${stateLabel}, ${duration}${operation.attempts > 1 ? `, ${operation.attempts} attempts` : ''}`}
      onClick={() => onSelect(operation.id)}
      style={{ transform: `translateY(${top}px)`, height }}
      className={cn(
        'absolute inset-x-0 top-0 flex items-center text-left hover:bg-hover',
        isSelected && 'bg-selected hover:bg-selected',
      )}
    >
      <span className={cn('flex shrink-0 items-center gap-1.5 truncate pr-2 pl-3', LABEL_WIDTH)}>
        <Icon aria-hidden className={cn('size-3.5 shrink-0', TONE_TEXT[tone])} />
        <span className="min-w-0 truncate text-xs">{operation.name}</span>
        <span className="ml-auto shrink-0 text-2xs text-ink-faint tabular">{callOf(operation)}</span>
      </span>
      <span className="relative h-full min-w-0 flex-1 border-line border-l">
        {isOutside ? null : <Bar operation={operation} scale={scale} left={left} width={width} />}
        {isOutside ? null : (
          <BarLabel
            text={duration}
            left={left}
            width={width}
            isMarker={operation.kind === 'marker'}
            attempts={operation.attempts}
          />
        )}
      </span>
    </button>
  )
})

function Bar({
  operation,
  scale,
  left,
  width,
}: {
  operation: Operation
  scale: TimeScale
  left: number
  width: number
}) {
  const { tone } = STATE_LOOK[operation.state]
  if (operation.kind === 'marker') {
    return (
      <span
        aria-hidden
        style={{ left: `${left * 100}%` }}
        className={cn(
          '-translate-x-1/2 -translate-y-1/2 absolute top-1/2 size-2 rotate-45',
          operation.type === 'WorkflowFailed' ? 'bg-danger' : 'bg-line-strong',
        )}
      />
    )
  }
  const isOpen = operation.endAt === null
  return (
    <>
      <span
        aria-hidden
        style={{ left: `${left * 100}%`, width: `max(3px, ${width * 100}%)` }}
        className={cn(
          '-translate-y-1/2 absolute top-1/2 h-3 rounded-xs',
          isWait(operation)
            ? cn('hatched border border-current/50', TONE_TEXT[tone])
            : cn(TONE_FILL[tone], 'opacity-85'),
          operation.kind === 'compensation' && 'border border-compensating border-dashed',
          isOpen && 'animate-pulse-soft rounded-r-none',
        )}
      />
      {operation.ticks.slice(0, 40).map((at) => (
        <span
          key={at}
          aria-hidden
          style={{ left: `${scale.at(at) * 100}%` }}
          className="-translate-y-1/2 absolute top-1/2 h-4 w-0.5 rounded-full bg-danger ring-1 ring-surface"
        />
      ))}
    </>
  )
}

/** Beside the bar where there is room: after it, else before it. */
function BarLabel({
  text,
  left,
  width,
  isMarker,
  attempts,
}: {
  text: string
  left: number
  width: number
  isMarker: boolean
  attempts: number
}) {
  if (isMarker) return null
  const end = left + width
  const style =
    end < 0.86
      ? { left: `calc(${end * 100}% + 6px)` }
      : left > 0.14
        ? { right: `calc(${(1 - left) * 100}% + 6px)` }
        : { right: '6px' }
  return (
    <span
      style={style}
      className="-translate-y-1/2 absolute top-1/2 whitespace-nowrap rounded-xs bg-surface/85 px-1 text-2xs text-ink-muted tabular"
    >
      {text}
      {attempts > 1 ? <span className="text-danger"> ×{attempts}</span> : null}
    </span>
  )
}

function callOf(operation: Operation): string {
  return /:(\d+)$/.exec(operation.id)?.[0] ?? ''
}
