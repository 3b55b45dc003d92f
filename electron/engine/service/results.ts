/**
 * Pictures that walks have made, every step of them, kept in memory until they are forgotten or pushed out by newer
 * ones. Kept as the whole numbers that an export would write: a quarter of the memory, and nothing is lost.
 */
import { randomUUID } from 'node:crypto'
import { totalmem } from 'node:os'
import { UphillError } from '../../../shared/errors.ts'
import { type Pixels, type Samples, toSamples } from '../images/pixels.ts'

const gibibyte = 2 ** 30

interface Kept extends Omit<Pixels, 'data' | 'alpha'> {
  samples: Samples
  bands: 1 | 2 | 3 | 4
  lasting: boolean
}

export class Results {
  readonly #budgetBytes: number
  /** Oldest use first: a Map keeps the order of insertion. */
  readonly #kept = new Map<string, Kept>()
  #bytes = 0

  /** @param budgetBytes what all results together may take; the newest is kept whatever it takes */
  constructor(budgetBytes: number = Math.min(gibibyte, totalmem() / 8)) {
    this.#budgetBytes = budgetBytes
  }

  /** @param lasting pushed out only by other lasting ones, whatever else is walked meanwhile */
  keep(pixels: Pixels, { lasting = false } = {}): string {
    const { width, height, channels, bitDepth, icc } = pixels
    const kept = { width, height, channels, bitDepth, icc, ...toSamples(pixels, bitDepth), lasting }
    const id = randomUUID()
    this.#bytes += sizeOf(kept)
    // Before it is among them: the newest is not pushed out by itself.
    this.#makeRoom(lasting ? [false, true] : [false])
    this.#kept.set(id, kept)
    return id
  }

  /** Forgets the oldest until the rest fits: of those that are not lasting, then, if so asked, of those that are. */
  #makeRoom(lastingOnes: readonly boolean[]): void {
    for (const lasting of lastingOnes) {
      for (const [id, each] of this.#kept) {
        if (this.#bytes <= this.#budgetBytes) return
        if (each.lasting === lasting) this.forget(id)
      }
    }
  }

  /**
   * The picture with its values clipped to 0..1 and rounded to its bit depth.
   * @throws RESULT_GONE when it was dropped, or belongs to an engine that is no more
   */
  get(id: string): Pixels {
    const kept = this.#kept.get(id)
    if (!kept) {
      throw new UphillError(
        'RESULT_GONE',
        'This result is no longer in memory; newer ones took its place, or the engine was started again.',
        'Walk the picture again with the same settings: the result will be the same.',
      )
    }
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    return toPixels(kept)
  }

  forget(id: string): void {
    const kept = this.#kept.get(id)
    if (!kept) return
    this.#kept.delete(id)
    this.#bytes -= sizeOf(kept)
  }

  forgetAll(): void {
    this.#kept.clear()
    this.#bytes = 0
  }
}

function toPixels({ samples, bands, lasting: _lasting, ...rest }: Kept): Pixels {
  const { channels, bitDepth } = rest
  const top = bitDepth === 16 ? 65535 : 255
  const count = rest.width * rest.height
  const data = new Float32Array(count * channels)
  const alpha = bands > channels ? new Float32Array(count) : null
  for (let pixel = 0, from = 0, to = 0; pixel < count; pixel++) {
    for (let channel = 0; channel < channels; channel++) data[to++] = samples[from++]! / top
    if (alpha) alpha[pixel] = samples[from++]! / top
  }
  return { ...rest, data, alpha }
}

function sizeOf({ samples, icc }: Kept): number {
  return samples.byteLength + (icc?.byteLength ?? 0)
}
