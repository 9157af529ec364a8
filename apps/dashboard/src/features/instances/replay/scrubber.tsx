'use client'
/** The bar over a replay: to any event, step by step or by itself, and what stood there. */
import { ChevronFirst, ChevronLast, GitFork, Pause, Play, StepBack, StepForward } from 'lucide-react'
import { Panel } from '@/components/page-header'
import { Button } from '@/components/ui/button'
import { cn } from '@/lib/cn'
import { formatAbsolute, formatDuration } from '@/lib/format'
import type { ReplayState } from '../model/replay-state'

export interface ScrubberProps {
  readonly position: number
  readonly last: number
  readonly state: ReplayState
  readonly elapsedMs: number
  readonly isPlaying: boolean
  readonly onPlay: (isPlaying: boolean) => void
  readonly onGo: (position: number) => void
  /** Absent for who may only look. */
  readonly onFork: (() => void) | null
}

export function Scrubber({ position, last, state, elapsedMs, isPlaying, onPlay, onGo, onFork }: ScrubberProps) {
  return (
    <Panel>
      <div className="flex flex-wrap items-center gap-2 px-3 py-2">
        <div className="flex">
          <Button variant="ghost" size="icon" aria-label="To the start" onClick={() => onGo(0)}>
            <ChevronFirst />
          </Button>
          <Button variant="ghost" size="icon" aria-label="Previous event" onClick={() => onGo(position - 1)}>
            <StepBack />
          </Button>
          <Button
            variant="ghost"
            size="icon"
            aria-label={isPlaying ? 'Pause' : 'Play'}
            onClick={() => onPlay(!isPlaying)}
          >
            {isPlaying ? <Pause /> : <Play />}
          </Button>
          <Button variant="ghost" size="icon" aria-label="Next event" onClick={() => onGo(position + 1)}>
            <StepForward />
          </Button>
          <Button variant="ghost" size="icon" aria-label="To the end" onClick={() => onGo(last)}>
            <ChevronLast />
          </Button>
        </div>
        <input
          type="range"
          min={0}
          max={last}
          value={position}
          onChange={(event) => onGo(Number(event.target.value))}
          aria-label="Position in the history"
          aria-valuetext={`After event ${position} of ${last}`}
          className="min-w-40 flex-1 accent-accent"
        />
        <span className="w-full text-ink-muted text-xs tabular sm:w-auto">
          {position} of {last} ·{' '}
          <span title={formatAbsolute(state.time)}>{formatDuration(elapsedMs)} after the start</span>
        </span>
        {onFork ? (
          <Button onClick={onFork}>
            <GitFork />
            Fork from here …
          </Button>
        ) : null}
      </div>
      <p role="status" className="truncate border-line border-t px-3 py-1.5 text-xs">
        {state.event ? (
          <>
            <span className={cn('font-medium', state.event.failed && 'text-danger')}>{state.event.type}</span>{' '}
            <span className="text-ink-muted">{state.event.activityId}</span>
          </>
        ) : (
          <span className="text-ink-muted">Started; nothing recorded yet</span>
        )}
      </p>
    </Panel>
  )
}
