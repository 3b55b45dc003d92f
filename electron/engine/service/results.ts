/** Pictures that walks have made, kept in memory until they are exported, forgotten or pushed out by newer ones. */
import { randomUUID } from 'node:crypto'
import { totalmem } from 'node:os'
import { UphillError } from '../../../shared/errors.ts'
import type { Pixels } from '../images/pixels.ts'

const gibibyte = 2 ** 30

export class Results {
  readonly #budgetBytes: number
  /** Oldest use first: a Map keeps the order of insertion. */
  readonly #kept = new Map<string, Pixels>()
  #bytes = 0

  /** @param budgetBytes what all results together may take; the newest is kept whatever it takes */
  constructor(budgetBytes: number = Math.min(gibibyte, totalmem() / 8)) {
    this.#budgetBytes = budgetBytes
  }

  keep(pixels: Pixels): string {
    const id = randomUUID()
    this.#kept.set(id, pixels)
    this.#bytes += sizeOf(pixels)
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#budgetBytes || oldest === id) break
      this.forget(oldest)
    }
    return id
  }

  /** @throws RESULT_GONE when it was dropped, or belongs to an engine that is no more */
  get(id: string): Pixels {
    const pixels = this.#kept.get(id)
    if (!pixels) {
      throw new UphillError(
        'RESULT_GONE',
        'This result is no longer in memory; newer ones took its place, or the engine was started again.',
        'Walk the picture again with the same settings: the result will be the same.',
      )
    }
    this.#kept.delete(id)
    this.#kept.set(id, pixels)
    return pixels
  }

  forget(id: string): void {
    const pixels = this.#kept.get(id)
    if (!pixels) return
    this.#kept.delete(id)
    this.#bytes -= sizeOf(pixels)
  }
}

function sizeOf({ data, alpha, icc }: Pixels): number {
  return data.byteLength + (alpha?.byteLength ?? 0) + (icc?.byteLength ?? 0)
}
