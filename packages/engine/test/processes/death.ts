/** How a process dies at a chosen line of its logs: with SIGKILL, before the next instruction, so nothing that follows the line happens. */
import type { CallLine, Effect, LogFile } from './logs'
import type { Moment } from './messages'

export class Death {
  readonly #moment: Moment | undefined
  #left: number

  constructor(moment: Moment | undefined) {
    this.#moment = moment
    this.#left = moment?.nth ?? 1
  }

  watching<Line extends Effect | CallLine>(log: LogFile<Line>, name: Moment['log']): LogFile<Line> {
    if (this.#moment?.log !== name) return log
    return {
      append: (line) => {
        log.append(line)
        if (this.#isIt(line) && --this.#left === 0) process.kill(process.pid, 'SIGKILL')
      },
      close: () => log.close(),
    }
  }

  #isIt(line: Effect | CallLine): boolean {
    const { kind, name, isAgain } = this.#moment as Moment
    const isEffect = 'kind' in line
    if (kind !== (isEffect ? line.kind : line.phase)) return false
    if (name !== undefined && name !== (isEffect ? line.name : line.op)) return false
    return !isAgain || (isEffect && line.attempt > 1)
  }
}
