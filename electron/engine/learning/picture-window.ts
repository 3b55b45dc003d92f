/**
 * The part of a folder that is in memory: decoded pictures within a budget. A seeded order says which picture
 * comes when, anew in every epoch; the window moves along it while the learning goes on beside.
 *
 * With a counted plan the window at a step depends on (seed, step) alone, and a step waits for its pictures.
 * With a plan by time nothing waits: the window holds what has arrived, and reading takes a small share of the time.
 */
import type { PictureInfo } from '../../../shared/domain.ts'
import { throwIfCancelled } from '../../../shared/errors.ts'
import { type Random, shuffledIndices, uniformGenerator } from './noise.ts'

/** A decoded picture: HWC, 0..255. */
export interface Picture {
  width: number
  height: number
  data: Uint8Array
}

export interface WindowOptions {
  /** All versions of a picture that are learned from; none when it cannot be read. Throws only CANCELLED. */
  read: (info: PictureInfo) => Promise<Picture[]>
  /** What `read` will about take, in bytes. */
  bytesOf: (info: PictureInfo) => number
  /** How often a picture is drawn, relative to the others. */
  weightOf: (picture: Picture) => number
  budgetBytes: number
  seed: number
  plan: 'counted' | 'timed'
  signal?: AbortSignal | undefined
}

/** A window that cannot hold the whole folder takes in a new picture every so many steps. */
const stepsPerPicture = 8
/** Pictures read before they are due, in a counted plan. */
const lookahead = 8
/** Of the time may go into reading while the learning goes on by time. */
const readingShare = 0.04
/** A plan by time begins after at most this much reading, if it has a few pictures by then. */
const startSeconds = 12
const fewPictures = 8
const lanes = 4

export class PictureWindow {
  readonly #options: WindowOptions
  readonly #infos: readonly PictureInfo[]
  readonly #bytes: number
  /** Drawable pictures, oldest first; before #head they are gone. */
  #pictures: (Picture | null)[] = []
  /** #sums[i] is the weight of all pictures before i. */
  #sums: number[] = [0]
  #head = 0
  /** Places [from, to) of the order are in the window, with the pictures and bytes of each. */
  #from: number
  #to: number
  #places: { count: number; bytes: number }[] = []
  #bytesHeld = 0
  /** The next place to ask for; what has arrived before its time waits in #arrived. */
  #next: number
  readonly #arrived = new Map<number, Picture[]>()
  #reading = 0
  #readAgainAt = 0
  #unreadable = 0
  #wake: (() => void) | null = null
  #failure: unknown = null
  #order: { epoch: number; indices: number[] } | null = null

  private constructor(infos: readonly PictureInfo[], step: number, options: WindowOptions) {
    this.#infos = infos
    this.#options = options
    this.#bytes = infos.reduce((sum, info) => sum + options.bytesOf(info), 0)
    this.#from = this.#to = this.#next = this.#firstPlace(step)
  }

  /** @throws UphillError CANCELLED */
  static async open(
    infos: readonly PictureInfo[],
    step: number,
    options: WindowOptions,
    onProgress?: (share: number) => void,
  ): Promise<PictureWindow> {
    const window = new PictureWindow(infos, step, options)
    await window.#fillForTheFirstTime(step, onProgress)
    return window
  }

  get isEmpty(): boolean {
    return this.#pictures.length === this.#head
  }

  /** Pictures of the folder that can be learned from, as far as is known. */
  get readable(): number {
    return this.#infos.length - this.#unreadable
  }

  get bytesHeld(): number {
    return this.#bytesHeld
  }

  /** Everything fits: each picture is read once and stays. */
  get #holdsAll(): boolean {
    return this.#bytes <= this.#options.budgetBytes
  }

  /** A picture by its weight. */
  draw(random: Random): Picture {
    const low = this.#sums[this.#head]!
    const target = low + random() * (this.#sums.at(-1)! - low)
    let [first, last] = [this.#head, this.#pictures.length - 1]
    while (first < last) {
      const middle = (first + last) >> 1
      if (this.#sums[middle + 1]! > target) last = middle
      else first = middle + 1
    }
    return this.#pictures[first]!
  }

  /**
   * To be called before every step: moves the window to where it should be.
   * @returns null, or what to wait for first
   */
  moveTo(step: number): Promise<void> | null {
    const { plan } = this.#options
    if (plan === 'timed') {
      this.#takeIn(this.#next)
      if (performance.now() >= this.#readAgainAt && this.#reading === 0) this.#ask(this.#limitByTime())
      return this.#thrown()
    }
    const end = this.#endAt(step)
    this.#takeIn(end)
    this.#ask(this.#limited(end + lookahead))
    return this.#to >= end ? this.#thrown() : this.#waitFor(end)
  }

  #thrown(): Promise<void> | null {
    return this.#failure ? Promise.reject(this.#failure as Error) : null
  }

  async #waitFor(end: number): Promise<void> {
    while (this.#to < end) {
      if (this.#failure) throw this.#failure as Error
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#takeIn(end)
      this.#ask(this.#limited(end + lookahead))
    }
  }

  async #fillForTheFirstTime(step: number, onProgress?: (share: number) => void): Promise<void> {
    const { plan, signal } = this.#options
    const first = this.#from
    const end = plan === 'counted' ? this.#endAt(step) : this.#limited(first + this.#countThatFits(first))
    const start = performance.now()
    const enough = (): boolean =>
      plan === 'timed' &&
      performance.now() - start > startSeconds * 1000 &&
      this.#pictures.length >= fewPictures
    while (this.#to < end && !enough()) {
      throwIfCancelled(signal)
      this.#ask(end)
      await new Promise<void>((resolve) => (this.#wake = resolve))
      if (this.#failure) throw this.#failure as Error
      this.#takeIn(end)
      const byTime = plan === 'timed' ? (performance.now() - start) / (startSeconds * 1000) : 0
      onProgress?.(Math.min(1, Math.max(byTime, (this.#to - first) / (end - first))))
    }
  }

  /** Starts reading up to `limit`, on several lanes. */
  #ask(limit: number): void {
    while (this.#reading < lanes && this.#next < limit) {
      const place = this.#next++
      this.#reading++
      void this.#read(place)
    }
  }

  async #read(place: number): Promise<void> {
    const start = performance.now()
    try {
      const pictures = await this.#options.read(this.#infoAt(place))
      if (pictures.length === 0 && place < this.#infos.length) this.#unreadable++
      this.#arrived.set(place, pictures)
    } catch (error) {
      this.#failure = error
    }
    this.#reading--
    const now = performance.now()
    this.#readAgainAt = now + (now - start) * (1 / readingShare - 1)
    this.#wake?.()
    this.#wake = null
  }

  /** Moves what has arrived into the window, in order, up to `end`; the oldest leave when the budget is used up. */
  #takeIn(end: number): void {
    for (; this.#to < end; this.#to++) {
      const pictures = this.#arrived.get(this.#to)
      if (!pictures) return
      this.#arrived.delete(this.#to)
      for (const picture of pictures) {
        this.#pictures.push(picture)
        this.#sums.push(this.#sums.at(-1)! + this.#options.weightOf(picture))
      }
      const bytes = this.#options.bytesOf(this.#infoAt(this.#to))
      this.#places.push({ count: pictures.length, bytes })
      this.#bytesHeld += bytes
      while (this.#bytesHeld > this.#options.budgetBytes && this.#places.length > 1) this.#dropOldest()
    }
  }

  #dropOldest(): void {
    const { count, bytes } = this.#places[0]!
    // Never the last that can be drawn.
    if (this.#pictures.length - this.#head - count < 1) return
    this.#places.shift()
    this.#from++
    this.#bytesHeld -= bytes
    this.#pictures.fill(null, this.#head, this.#head + count)
    this.#head += count
    if (this.#head > 1024 && this.#head > this.#pictures.length / 2) {
      this.#pictures = this.#pictures.slice(this.#head)
      this.#sums = this.#sums.slice(this.#head)
      this.#head = 0
    }
  }

  /** Where reading begins: in a counted plan as far back as the window reaches. */
  #firstPlace(step: number): number {
    if (this.#holdsAll) return 0
    if (this.#options.plan === 'timed') return Math.floor(step / stepsPerPicture)
    let first = this.#endAt(step)
    let bytes = 0
    while (first > 0) {
      bytes += this.#options.bytesOf(this.#infoAt(first - 1))
      if (bytes > this.#options.budgetBytes) break
      first--
    }
    return Math.min(first, this.#endAt(step) - 1)
  }

  /** Where the window of a counted plan ends at a step. */
  #endAt(step: number): number {
    const first = this.#countThatFits(0)
    return this.#holdsAll ? first : first + Math.floor(step / stepsPerPicture)
  }

  #countThatFits(first: number): number {
    let bytes = 0
    let count = 0
    for (; count < this.#infos.length; count++) {
      bytes += this.#options.bytesOf(this.#infoAt(first + count))
      if (bytes > this.#options.budgetBytes) break
    }
    return Math.max(1, count)
  }

  #limitByTime(): number {
    return this.#limited(this.#to + 1)
  }

  #limited(end: number): number {
    return this.#holdsAll ? Math.min(end, this.#infos.length) : end
  }

  /** The picture at a place of the endless order: every epoch has a shuffle of its own. */
  #infoAt(place: number): PictureInfo {
    const count = this.#infos.length
    const epoch = Math.floor(place / count)
    if (this.#order?.epoch !== epoch) {
      const indices = shuffledIndices(count, uniformGenerator(this.#options.seed, 0xe90c + epoch))
      this.#order = { epoch, indices }
    }
    return this.#infos[this.#order.indices[place % count]!]!
  }
}
