/**
 * An incoming body as a web stream that can be left unread: cancelling it stops reading and nothing else. (`Readable.toWeb` destroys the request, and
 * with it the connection on which the answer still has to travel.)
 */
import type { IncomingMessage } from 'node:http'

export function incomingBody(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let detach = (): void => {}
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const onData = (chunk: Buffer): void => {
        controller.enqueue(chunk)
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause()
      }
      const onEnd = (): void => {
        detach()
        controller.close()
      }
      const onBroken = (error?: Error): void => {
        detach()
        controller.error(error ?? new Error('the connection was closed'))
      }
      detach = () => {
        incoming.off('data', onData).off('end', onEnd).off('close', onBroken)
        incoming.pause()
      }
      // the listener for errors stays: one that comes later must not end the process
      incoming.on('data', onData).once('end', onEnd).once('close', onBroken).on('error', onBroken)
      incoming.pause()
    },
    pull() {
      incoming.resume()
    },
    cancel() {
      detach()
    },
  })
}
