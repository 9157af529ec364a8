/** The public test kit: `@edda/engine/testing`. */
export { type CrashReport, crashEverywhere } from './crash-everywhere'
export { type RecordedHistory, replayHistory } from './replay-history'
export { createTestApp, TestApp, type TestAppOptions } from './test-app'
export { VirtualClock } from './virtual-clock'
