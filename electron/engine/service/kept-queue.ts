/** The queue of the window on disk: what waited when Uphill ended, however it ended, waits again. */
import { readFile, rename } from 'node:fs/promises'
import * as z from 'zod'
import { type QueueOrder, queueOrder } from '../../../shared/contract.ts'
import { writeFileAtomic } from '../files/atomic.ts'
import type { PathGuard } from './path-guard.ts'

const queueFile = z.object({ format: z.literal(1), orders: z.array(queueOrder) })

export class KeptQueue {
  readonly #path: string
  readonly #guard: PathGuard
  #lastWrite: Promise<void> = Promise.resolve()

  constructor(path: string, guard: PathGuard) {
    this.#path = path
    this.#guard = guard
  }

  /**
   * What was kept; its files were given by the person once, so the page may name them again. A damaged file is set
   * aside, never the reason not to start.
   */
  async read(): Promise<QueueOrder[]> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch {
      return []
    }
    try {
      const { orders } = queueFile.parse(JSON.parse(text))
      for (const { path, target } of orders) {
        this.#guard.allow(path)
        this.#guard.allow(target.path)
      }
      return orders
    } catch (error) {
      console.error('the kept queue cannot be read', error)
      await rename(this.#path, `${this.#path}.damaged`).catch(() => undefined)
      return []
    }
  }

  /** Writes follow one another. @throws UphillError BAD_INPUT for a path that nobody gave, DISK_FULL, NOT_WRITABLE */
  write(orders: readonly QueueOrder[]): Promise<void> {
    for (const { path, target } of orders) {
      this.#guard.check(path)
      this.#guard.check(target.path)
    }
    const text = JSON.stringify({ format: 1, orders })
    this.#lastWrite = this.#lastWrite
      .catch(() => undefined)
      .then(() => writeFileAtomic(this.#path, text, { whenExists: 'replace' }))
    return this.#lastWrite
  }
}
