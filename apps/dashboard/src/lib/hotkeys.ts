'use client'
/**
 * Keyboard for everything. A shortcut is a key (`/`, `?`, `j`), a chord (`mod+k`) or a sequence (`g i`). The innermost component that is mounted wins,
 * so a page may give `j` its own meaning. While somebody types, only chords are heard.
 */
import { useEffect, useRef } from 'react'

export interface Hotkey {
  readonly keys: string
  readonly label: string
  readonly group: string
  readonly run: () => void
}

const SEQUENCE_MS = 900
const registered: Hotkey[] = []
let prefix = ''
let prefixAt = 0
/** What was typed for a field that is still on its way; null: nobody asked for it. */
let held: string | null = null

/** From now on typed text is kept for the field that will ask for it, instead of being read as shortcuts. */
export function holdKeys(): void {
  held = ''
}

/** @returns what was typed since `holdKeys` */
export function releaseKeys(): string {
  const text = held ?? ''
  held = null
  return text
}

export function registeredHotkeys(): readonly Hotkey[] {
  const seen = new Set<string>()
  return [...registered].reverse().filter((hotkey) => !seen.has(hotkey.keys) && seen.add(hotkey.keys))
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key.toLowerCase()
  const mod = event.metaKey || event.ctrlKey
  if (mod || event.altKey) {
    if (mod && !event.altKey && !event.shiftKey) fire(`mod+${key}`, event)
    return
  }
  if (isTyping(event.target)) return
  if (held !== null && event.key.length === 1) {
    held += event.key
    event.preventDefault()
    return
  }
  // A dialog or menu owns the keyboard while it is open.
  if (event.target instanceof Element && event.target.closest('[role="dialog"],[role="menu"],[role="listbox"]')) return
  const now = event.timeStamp
  const sequence = prefix && now - prefixAt < SEQUENCE_MS ? `${prefix} ${key}` : ''
  prefix = ''
  if (sequence && fire(sequence, event)) return
  if (fire(key, event)) return
  if (registered.some((hotkey) => hotkey.keys.startsWith(`${key} `))) {
    prefix = key
    prefixAt = now
  }
}

function fire(keys: string, event: KeyboardEvent): boolean {
  const hotkey = registered.findLast((candidate) => candidate.keys === keys)
  if (!hotkey) return false
  event.preventDefault()
  hotkey.run()
  return true
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type)
}

/** Registers shortcuts while the component is mounted; the functions may change with every render. */
export function useHotkeys(hotkeys: readonly Hotkey[]): void {
  const latest = useRef(hotkeys)
  useEffect(() => {
    latest.current = hotkeys
  })
  const signature = hotkeys.map((hotkey) => hotkey.keys).join('|')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the list, whose identity changes with every render
  useEffect(() => {
    const mine = latest.current.map((hotkey, index): Hotkey => ({ ...hotkey, run: () => latest.current[index]?.run() }))
    if (registered.length === 0) document.addEventListener('keydown', onKeyDown)
    registered.push(...mine)
    return () => {
      for (const hotkey of mine) registered.splice(registered.indexOf(hotkey), 1)
      if (registered.length === 0) document.removeEventListener('keydown', onKeyDown)
    }
  }, [signature])
}
