/**
 * Time to place on screen, with idle time folded. Stretches in which nothing was executed (a sleep of a day, a wait for a person) shrink to a narrow
 * fold, so that the milliseconds of the work around them stay visible. Pure; positions are shares of the width, 0 to 1.
 */
export interface Interval {
  readonly from: number
  readonly to: number
}

export interface Segment extends Interval {
  /** Places of its ends. */
  readonly left: number
  readonly right: number
  readonly isFolded: boolean
}

export interface TimeScale {
  readonly from: number
  readonly to: number
  readonly segments: readonly Segment[]
  readonly at: (time: number) => number
  readonly timeAt: (place: number) => number
}

/** A fold is this wide; a gap is folded when it is longer than this share of all the time in which something was done. */
const FOLD_SHARE = 0.035
const WORTH_FOLDING = 0.25
const MOST_FOLDS = 12

/** @param busy stretches in which something was executed; need not be sorted */
export function buildTimeScale(range: Interval, busy: readonly Interval[], foldIdle: boolean): TimeScale {
  const from = range.from
  const to = Math.max(range.to, from + 1)
  const gaps = foldIdle ? foldableGaps({ from, to }, busy) : []
  const folded = gaps.reduce((sum, gap) => sum + (gap.to - gap.from), 0)
  const open = to - from - folded
  const foldWidth = gaps.length > 0 ? Math.min(FOLD_SHARE, 0.4 / gaps.length) : 0
  const openWidth = 1 - foldWidth * gaps.length
  const segments: Segment[] = []
  let place = 0
  const push = (segment: Interval, isFolded: boolean) => {
    const width = isFolded ? foldWidth : open > 0 ? ((segment.to - segment.from) / open) * openWidth : openWidth
    segments.push({ ...segment, left: place, right: place + width, isFolded })
    place += width
  }
  let at = from
  for (const gap of gaps) {
    if (gap.from > at) push({ from: at, to: gap.from }, false)
    push(gap, true)
    at = gap.to
  }
  if (at < to || segments.length === 0) push({ from: at, to }, false)
  return {
    from,
    to,
    segments,
    at: (time) => {
      const segment = find(segments, (one) => time <= one.to)
      const share = segment.to > segment.from ? (time - segment.from) / (segment.to - segment.from) : 0
      return clamp(segment.left + clamp(share) * (segment.right - segment.left))
    },
    timeAt: (share) => {
      const segment = find(segments, (one) => share <= one.right)
      const inner = segment.right > segment.left ? (share - segment.left) / (segment.right - segment.left) : 0
      return segment.from + clamp(inner) * (segment.to - segment.from)
    },
  }
}

function foldableGaps(range: Interval, busy: readonly Interval[]): readonly Interval[] {
  const merged = mergeIntervals(busy, range)
  const work = merged.reduce((sum, stretch) => sum + (stretch.to - stretch.from), 0)
  if (work === 0) return []
  const gaps: Interval[] = []
  let at = range.from
  for (const stretch of [...merged, { from: range.to, to: range.to }]) {
    if (stretch.from > at) gaps.push({ from: at, to: stretch.from })
    at = Math.max(at, stretch.to)
  }
  const threshold = Math.max(work * WORTH_FOLDING, (range.to - range.from) * 0.002, 1_000)
  return gaps
    .filter((gap) => gap.to - gap.from > threshold)
    .sort((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, MOST_FOLDS)
    .sort((a, b) => a.from - b.from)
    .map((gap) => inset(gap, work))
}

/** A fold leaves a little of the wait visible on both sides. */
function inset(gap: Interval, work: number): Interval {
  const margin = Math.min((gap.to - gap.from) * 0.1, work * 0.05)
  return { from: gap.from + margin, to: gap.to - margin }
}

export function mergeIntervals(intervals: readonly Interval[], range: Interval): readonly Interval[] {
  const sorted = intervals
    .map(({ from, to }) => ({ from: Math.max(from, range.from), to: Math.min(Math.max(to, from), range.to) }))
    .filter(({ from, to }) => to >= from)
    .sort((a, b) => a.from - b.from)
  const merged: { from: number; to: number }[] = []
  for (const interval of sorted) {
    const last = merged.at(-1)
    if (last && interval.from <= last.to) last.to = Math.max(last.to, interval.to)
    else merged.push({ ...interval })
  }
  return merged
}

/** Round times for the axis, about `count` of them, none inside a fold. */
export function axisTicks(
  scale: TimeScale,
  count: number,
): readonly { readonly time: number; readonly place: number }[] {
  const ticks: { time: number; place: number }[] = []
  for (let index = 0; index <= count; index++) {
    const place = index / count
    const segment = find(scale.segments, (one) => place <= one.right)
    if (!segment.isFolded) ticks.push({ time: scale.timeAt(place), place })
  }
  return ticks
}

function find(segments: readonly Segment[], isIt: (segment: Segment) => boolean): Segment {
  let low = 0
  let high = segments.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (isIt(segments[middle] as Segment)) high = middle
    else low = middle + 1
  }
  return segments[low] as Segment
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
