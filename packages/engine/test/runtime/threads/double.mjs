import { threadId } from 'node:worker_threads'

export default async ({ n }, { attempt }) => ({ doubled: n * 2, attempt, isMainThread: threadId === 0 })
