/** Lets one side hold up a loop on the other: the loop awaits `passed()` between its steps. */
export class PauseGate {
  #waiting: { promise: Promise<void>; open: () => void } | null = null

  get paused(): boolean {
    return this.#waiting !== null
  }

  pause(): void {
    if (this.#waiting) return
    let open = (): void => undefined
    const promise = new Promise<void>((resolve) => (open = resolve))
    this.#waiting = { promise, open }
  }

  resume(): void {
    this.#waiting?.open()
    this.#waiting = null
  }

  /** Resolves at once when not paused, else when resumed or when the signal is aborted. */
  async passed(signal?: AbortSignal): Promise<void> {
    if (!this.#waiting || signal?.aborted) return
    let stop = (): void => undefined
    const stopped = new Promise<void>((resolve) => (stop = resolve))
    signal?.addEventListener('abort', stop, { once: true })
    await Promise.race([this.#waiting.promise, stopped])
    signal?.removeEventListener('abort', stop)
  }
}
