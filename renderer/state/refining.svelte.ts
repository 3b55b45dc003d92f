import type { PictureInfo, ShownPicture, WalkRequest, WalkStep } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from './engine.svelte.ts'

export interface Frame {
  step: WalkStep
  view: ShownPicture
}

/** One picture and its walk. */
class Refining {
  path: string | null = $state(null)
  info: PictureInfo | null = $state.raw(null)
  view: ShownPicture | null = $state.raw(null)
  noise = $state(0)
  frames: Frame[] = $state.raw([])
  selected = $state(0)
  resultId: string | null = $state(null)
  secondsLeft: number | null = $state(null)
  seconds: number | null = $state(null)
  share = $state(0)
  busy = $state(false)
  exported: string | null = $state(null)
  error: ErrorInfo | null = $state.raw(null)
  quality = $state(92)
  #openings = 0
  #walking: AbortController | null = null

  get gain(): number {
    return this.frames.reduce((sum, { step }) => sum + step.gain, 0)
  }

  async open(path: string): Promise<void> {
    this.cancel()
    this.#forget()
    this.error = null
    // Until the new picture is here there is none: a walk must not take the old one.
    Object.assign(this, { path: null, info: null, view: null })
    const opening = ++this.#openings
    try {
      const { info, view, noise } = await engine.openPicture({ path })
      if (opening === this.#openings) Object.assign(this, { path, info, view, noise })
    } catch (error) {
      if (opening === this.#openings) this.error = errorToShow(error)
    }
  }

  async choose(): Promise<void> {
    const [path] = await window.uphill.choosePictures({ multiple: false })
    if (path) await this.open(path)
  }

  async paste(bytes: Uint8Array): Promise<void> {
    try {
      const { path } = await engine.keepPasted({ bytes })
      await this.open(path)
    } catch (error) {
      this.error = errorToShow(error)
    }
  }

  async walk(modelId: string, walk: WalkRequest): Promise<void> {
    if (!this.path) return
    this.#forget()
    this.error = null
    this.busy = true
    const walking = new AbortController()
    this.#walking = walking
    try {
      for await (const event of engine.refine(
        { path: this.path, modelId, walk },
        { signal: walking.signal },
      )) {
        if (event.type === 'step') {
          this.frames = [...this.frames, { step: event.step, view: event.view }]
          this.selected = this.frames.length - 1
          this.share = event.step.index / event.step.steps
          this.secondsLeft = event.secondsLeft
        } else if (event.type === 'tiles') this.secondsLeft = event.secondsLeft
        else {
          this.resultId = event.resultId
          this.seconds = event.seconds
        }
      }
    } catch (error) {
      this.error = errorToShow(error)
    } finally {
      if (this.#walking === walking) this.busy = false
    }
  }

  cancel(): void {
    this.#walking?.abort()
    this.busy = false
  }

  async export(): Promise<void> {
    if (!this.resultId || !this.path) return
    this.exported = null
    this.error = null
    try {
      this.exported = await exportResult(this.resultId, `${nameOf(this.path)} refined`, this.quality)
    } catch (error) {
      this.error = errorToShow(error)
    }
  }

  #forget(): void {
    if (this.resultId) void engine.forgetResult({ resultId: this.resultId }).catch(() => undefined)
    Object.assign(this, {
      frames: [],
      selected: 0,
      resultId: null,
      seconds: null,
      secondsLeft: null,
      share: 0,
      exported: null,
    })
  }
}

function nameOf(path: string): string {
  const file = path.split(/[\\/]/).at(-1) ?? 'picture'
  return file.replace(/\.[^.]+$/, '')
}

const formats = {
  png: 'png',
  jpg: 'jpeg',
  jpeg: 'jpeg',
  webp: 'webp',
  tif: 'tiff',
  tiff: 'tiff',
  avif: 'avif',
} as const

/** Asks where, and writes there. @returns the path, or null when the person cancelled */
export async function exportResult(resultId: string, name: string, quality: number): Promise<string | null> {
  const path = await window.uphill.chooseExport({ suggestedName: `${name}.png`, format: 'png' })
  if (!path) return null
  const extension = (/\.([^./\\]+)$/.exec(path)?.[1] ?? 'png').toLowerCase()
  const format = formats[extension as keyof typeof formats] ?? 'png'
  // The dialog has asked already whether a file may be replaced.
  const options = { format, quality, whenExists: 'replace' as const }
  return (await engine.exportResult({ resultId, path, options })).path
}

export const refining = new Refining()
