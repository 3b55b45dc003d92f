import type { ExportTarget, QueueOrder } from '../../shared/contract.ts'
import type { WalkRequest } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from '../state/engine.svelte.ts'
import { undo } from '../state/undo.svelte.ts'
import { strings } from '../strings.ts'

export type ItemState = 'waiting' | 'running' | 'done' | 'skipped' | 'failed' | 'cancelled'

interface Order {
  path: string
  modelId: string
  modelName: string
  walk: WalkRequest
  target: ExportTarget
}

/** An engine that died under an item is started again, and the item with it; not for ever. */
const attemptsAtMost = 2
/** Changes that come together are kept on disk together. */
const keepAfterMs = 200

export class QueueItem {
  readonly order: Order
  state: ItemState = $state('waiting')
  share = $state(0)
  /** Where the result is. */
  result: string | null = $state(null)
  seconds: number | null = $state(null)
  error: ErrorInfo | null = $state.raw(null)
  attempts = 0

  constructor(order: Order) {
    this.order = order
  }

  get ended(): boolean {
    return this.state !== 'waiting' && this.state !== 'running'
  }
}

/** Pictures that are refined from file to file, one after the other. One that fails does not stop the others. */
class Queue {
  items: QueueItem[] = $state.raw([])
  paused = $state(false)
  /** How many were left waiting when Uphill ended last, until the person decides about them. */
  leftWaiting = $state(0)
  #keepTimer: ReturnType<typeof setTimeout> | undefined
  #takenUp = false
  #running: { item: QueueItem; abort: AbortController } | null = null

  get waiting(): number {
    return this.items.filter(({ state }) => state === 'waiting').length
  }

  get ended(): number {
    return this.items.filter((item) => item.ended).length
  }

  get failed(): number {
    return this.items.filter(({ state }) => state === 'failed').length
  }

  get running(): QueueItem | undefined {
    return this.items.find(({ state }) => state === 'running')
  }

  get busy(): boolean {
    return this.running !== undefined || (this.waiting > 0 && !this.paused)
  }

  /** Share of all that is in the list, 0..1. */
  get share(): number {
    return this.items.length === 0 ? 0 : (this.ended + (this.running?.share ?? 0)) / this.items.length
  }

  /** From the seconds that the ended ones took; pauses do not count. Null before the first has ended. */
  get secondsLeft(): number | null {
    const each = this.#meanSeconds
    return each === null ? null : each * (this.waiting + (this.running ? 1 - this.running.share : 0))
  }

  /** Pictures a minute, while it works; null before the first has ended. */
  get speed(): number | null {
    const each = this.#meanSeconds
    return each === null ? null : 60 / Math.max(each, 0.001)
  }

  get #meanSeconds(): number | null {
    const took = this.items.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]))
    return took.length === 0 ? null : took.reduce((sum, seconds) => sum + seconds, 0) / took.length
  }

  /** The file that was written last. */
  get lastResult(): string | null {
    return this.items.findLast(({ result }) => result !== null)?.result ?? null
  }

  /** What was left waiting, once: it goes on when the person says so. */
  async takeUp(): Promise<void> {
    if (this.#takenUp) return
    this.#takenUp = true
    try {
      const orders = await engine.keptQueue({})
      if (orders.length === 0) return
      this.items = [...orders.map((order) => new QueueItem(order)), ...this.items]
      this.leftWaiting = orders.length
      this.paused = true
    } catch {
      // Asked again by the next engine.
      this.#takenUp = false
    }
  }

  /** Takes what was left waiting off the list. */
  forgetLeft(): void {
    this.cancelAll()
    this.leftWaiting = 0
    this.resume()
  }

  add(orders: Order[]): void {
    this.items = [...this.items, ...orders.map((order) => new QueueItem(order))]
    this.#keep()
    this.#next()
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.leftWaiting = 0
    this.#next()
  }

  /** Earlier or later among those that wait; -Infinity makes it the next one. */
  move(item: QueueItem, by: number): void {
    const places = this.items.flatMap(({ state }, index) => (state === 'waiting' ? [index] : []))
    const from = places.indexOf(this.items.indexOf(item))
    const to = places[Math.max(0, Math.min(places.length - 1, from + by))]
    if (from < 0 || to === undefined) return
    const items = this.items.filter((each) => each !== item)
    items.splice(to, 0, item)
    this.items = items
    this.#keep()
  }

  cancel(item: QueueItem): void {
    if (item.ended) return
    item.state = 'cancelled'
    this.#keep()
    if (this.#running?.item === item) this.#running.abort.abort()
  }

  cancelAll(): void {
    const cancelled = this.items.filter((item) => !item.ended)
    for (const item of cancelled) this.cancel(item)
    undo.propose(strings.jobs.cancelled(cancelled.length), () =>
      cancelled.forEach((item) => this.retry(item)),
    )
  }

  retry(item: QueueItem): void {
    if (!item.ended) return
    Object.assign(item, { state: 'waiting', share: 0, error: null, attempts: 0, seconds: null, result: null })
    this.#keep()
    this.#next()
  }

  /** Takes what has ended off the list; the files stay. */
  clear(): void {
    const before = this.items
    this.items = before.filter((item) => !item.ended)
    undo.propose(strings.jobs.cleared(before.length - this.items.length), () => {
      this.items = [...before.filter((item) => item.ended), ...this.items]
    })
  }

  /** On disk, so that it outlives the window: what waits and what runs. */
  #keep(): void {
    clearTimeout(this.#keepTimer)
    this.#keepTimer = setTimeout(() => {
      const orders = this.items
        .filter((item) => !item.ended)
        .map(({ order }) => $state.snapshot(order) as QueueOrder)
      // It cannot be kept on a full disk; the queue itself goes on.
      engine.keepQueue({ orders }).catch(() => undefined)
    }, keepAfterMs)
  }

  #next(): void {
    if (this.#running || this.paused) return
    const item = this.items.find(({ state }) => state === 'waiting')
    if (!item) return
    const abort = new AbortController()
    this.#running = { item, abort }
    void this.#run(item, abort.signal).finally(() => {
      this.#running = null
      this.#keep()
      this.#next()
    })
  }

  async #run(item: QueueItem, signal: AbortSignal): Promise<void> {
    item.state = 'running'
    item.attempts += 1
    const { path, modelId, walk, target } = item.order
    try {
      for await (const event of engine.refineToFile({ path, modelId, walk, target }, { signal })) {
        if (event.type === 'progress') item.share = event.share
        else Object.assign(item, { state: 'done', share: 1, result: event.path, seconds: event.seconds })
      }
    } catch (error) {
      const shown = errorToShow(error)
      item.error = shown
      if (!shown) item.state = 'cancelled'
      else if (shown.code === 'ENGINE_GONE' && item.attempts < attemptsAtMost) item.state = 'waiting'
      else
        item.state =
          shown.code === 'FILE_EXISTS' && target.options.whenExists === 'fail' ? 'skipped' : 'failed'
    }
  }
}

export const queue = new Queue()
