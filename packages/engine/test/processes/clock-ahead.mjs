// Loaded before a worker: its machine's clock is an hour ahead.
import { put } from './clock-put.mjs'

put(3_600_000)
