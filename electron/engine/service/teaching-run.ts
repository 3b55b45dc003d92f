/** One teaching as the page sees it: its state, what has been shown of it, and who watches. */
import type { Teaching } from '../../../shared/contract.ts'
import type { CurvePoint, ModelCard, TeachPreview, TeachProgress } from '../../../shared/domain.ts'
import { type ErrorInfo, isCancelled, throwIfCancelled, toErrorInfo } from '../../../shared/errors.ts'
import { PauseGate } from '../learning/pause-gate.ts'
import type { TeachEvent, TeachRun } from '../learning/teach.ts'

export type TeachingNews =
  | { type: 'state'; teaching: Teaching }
  | { type: 'curve'; curve: CurvePoint[] }
  | { type: 'preview'; preview: TeachPreview }
  | { type: 'ended'; teaching: Teaching; card: ModelCard | null }

type Kind = 'state' | 'curve' | 'preview'

export class TeachingRun {
  readonly #abort = new AbortController()
  readonly #gate = new PauseGate()
  readonly #watchers = new Set<(kind: Kind) => void>()
  #teaching: Teaching
  #curve: CurvePoint[] = []
  #preview: TeachPreview | null = null
  #card: ModelCard | null = null
  #ended: Promise<void> = Promise.resolve()

  constructor(modelId: string, name: string) {
    this.#teaching = { modelId, name, state: 'running', progress: nothingYet(), error: null }
  }

  get teaching(): Teaching {
    return this.#teaching
  }

  get live(): boolean {
    return this.#teaching.state === 'running' || this.#teaching.state === 'paused'
  }

  /** Resolves when the teaching has ended, however it did; it never rejects. */
  get ended(): Promise<void> {
    return this.#ended
  }

  /** Starts the work; `onEnd` is called last, before `ended` resolves. */
  begin(work: (run: TeachRun) => Promise<ModelCard>, onEnd: () => Promise<void>): void {
    const run: TeachRun = {
      signal: this.#abort.signal,
      pause: this.#gate,
      onEvent: (event) => {
        this.#take(event)
      },
    }
    this.#ended = (async () => {
      let end: Partial<Teaching>
      try {
        this.#card = await work(run)
        end = { state: this.#card.state === 'finished' ? 'finished' : 'stopped' }
      } catch (error) {
        end = isCancelled(error) ? { state: 'stopped' } : { state: 'failed', error: toErrorInfo(error) }
        if (end.state === 'failed') console.error(`teaching “${this.#teaching.name}” failed`, error)
      }
      await onEnd()
      this.#become(end)
    })()
  }

  /** For a teaching that cannot be begun at all. */
  fail(error: ErrorInfo): void {
    this.#become({ state: 'failed', error })
  }

  pause(): void {
    if (this.#teaching.state !== 'running') return
    this.#gate.pause()
    this.#become({ state: 'paused' })
  }

  resume(): void {
    if (this.#teaching.state !== 'paused') return
    this.#gate.resume()
    this.#become({ state: 'running' })
  }

  /** Stops and keeps; resolves when the checkpoint is written. */
  async stop(): Promise<void> {
    this.#abort.abort()
    this.#gate.resume()
    await this.#ended
  }

  /**
   * What is there at once, then every change; changes that a slow watcher missed are told as one.
   * Ends after `ended`.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<TeachingNews, void, undefined> {
    const news = new Set<Kind>(['state'])
    if (this.#curve.length > 0) news.add('curve')
    if (this.#preview) news.add('preview')
    let wake: () => void = () => undefined
    const tell = (kind: Kind) => {
      news.add(kind)
      wake()
    }
    const onAbort = () => {
      wake()
    }
    this.#watchers.add(tell)
    signal.addEventListener('abort', onAbort)
    try {
      for (;;) {
        throwIfCancelled(signal)
        const [kind] = news
        if (kind) {
          news.delete(kind)
          const message = this.#tellOf(kind)
          if (message) yield message
        } else if (!this.live) {
          yield { type: 'ended', teaching: this.#teaching, card: this.#card }
          return
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      this.#watchers.delete(tell)
      signal.removeEventListener('abort', onAbort)
    }
  }

  #tellOf(kind: Kind): TeachingNews | null {
    if (kind === 'state') return { type: 'state', teaching: this.#teaching }
    if (kind === 'curve') return { type: 'curve', curve: this.#curve }
    return this.#preview && { type: 'preview', preview: this.#preview }
  }

  #take(event: TeachEvent): void {
    if (event.type === 'progress') {
      this.#become({ progress: event.progress })
    } else if (event.type === 'curve') {
      this.#curve = event.curve
      this.#tell('curve')
    } else {
      this.#preview = event.preview
      this.#tell('preview')
    }
  }

  #become(change: Partial<Teaching>): void {
    this.#teaching = { ...this.#teaching, ...change }
    this.#tell('state')
  }

  #tell(kind: Kind): void {
    for (const tell of this.#watchers) tell(kind)
  }
}

function nothingYet(): TeachProgress {
  return {
    phase: 'reading',
    step: 0,
    share: 0,
    seconds: 0,
    secondsLeft: null,
    loss: null,
    psnr: null,
    psnrNoisy: null,
    picturesPerSecond: null,
  }
}
