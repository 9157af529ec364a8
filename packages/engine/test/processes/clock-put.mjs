/** Moves what this process takes for the time of day; the monotonic clock goes on as it does. */
export function put(off) {
  const RealDate = Date
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(RealDate.now() + off)
      else super(...args)
    }

    static now() {
      return RealDate.now() + off
    }
  }
}
