import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from './engine.svelte.ts'
import { navigation } from './navigation.svelte.ts'
import { refining } from './refining.svelte.ts'

/** Samples of a small generator, on their way to being refined. It goes on while another view is looked at. */
class Samples {
  /** The dialog. */
  open = $state(false)
  kind: 'vae' | 'gan' = $state('vae')
  count = $state(64)
  busy = $state(false)
  phase: 'reading' | 'teaching' = $state('reading')
  share = $state(0)
  secondsLeft: number | null = $state(null)
  error: ErrorInfo | null = $state.raw(null)
  #making: AbortController | null = null

  async make(datasetId: string): Promise<void> {
    this.#making?.abort()
    const making = new AbortController()
    this.#making = making
    this.error = null
    Object.assign(this, { busy: true, phase: 'reading', share: 0, secondsLeft: null })
    const { kind, count } = this
    try {
      for await (const event of engine.makeSamples({ datasetId, kind, count }, { signal: making.signal })) {
        if (event.type === 'progress') {
          const { phase, share, secondsLeft } = event
          Object.assign(this, { phase, share, secondsLeft })
        } else {
          this.open = false
          navigation.go('refine')
          await refining.openAll([event.folder])
        }
      }
    } catch (error) {
      if (this.#making === making) this.error = errorToShow(error)
    } finally {
      if (this.#making === making) this.busy = false
    }
  }

  close(): void {
    this.#making?.abort()
    this.open = false
    this.error = null
  }
}

export const samples = new Samples()
