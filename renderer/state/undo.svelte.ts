const offeredMs = 30_000

/** The last thing that was taken away, and how to bring it back: offered for a while, in every view. */
class Undo {
  offer: { message: string; run: () => void | Promise<void> } | null = $state.raw(null)
  #timer: ReturnType<typeof setTimeout> | undefined

  propose(message: string, run: () => void | Promise<void>): void {
    clearTimeout(this.#timer)
    this.offer = { message, run }
    this.#timer = setTimeout(() => this.dismiss(), offeredMs)
  }

  async take(): Promise<void> {
    const { offer } = this
    this.dismiss()
    await offer?.run()
  }

  dismiss(): void {
    clearTimeout(this.#timer)
    this.offer = null
  }
}

export const undo = new Undo()
