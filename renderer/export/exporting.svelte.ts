import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from '../state/engine.svelte.ts'
import { type Made, exportSettings } from './export-settings.svelte.ts'
import type { NameFacts } from './name-pattern.ts'

export interface Exportable {
  resultId: string
  facts: NameFacts
  made?: Made
}

/** What the export dialog is open for: results that are there, or a batch that is to be made. */
type Subject =
  | { kind: 'results'; results: Exportable[] }
  | { kind: 'batch'; count: number; facts: NameFacts; start: () => void }

class Exporting {
  subject: Subject | null = $state.raw(null)
  busy = $state(false)
  error: ErrorInfo | null = $state.raw(null)
  /** The files of the last export. */
  done: string[] = $state.raw([])

  ask(subject: Subject): void {
    this.error = null
    this.done = []
    this.subject = subject
    void exportSettings.findFolder()
  }

  close(): void {
    this.subject = null
  }

  /** An example of the names that will be given. */
  /** Whether what is exported was made from a picture of the person, which has details of its own. */
  get hasOriginal(): boolean {
    return this.subject?.kind === 'batch' || this.subject?.results[0]?.made !== undefined
  }

  get facts(): NameFacts | null {
    if (this.subject?.kind === 'batch') return this.subject.facts
    return this.subject?.results[0]?.facts ?? null
  }

  async confirm(): Promise<void> {
    const { subject } = this
    if (!subject) return
    if (!exportSettings.folder) await exportSettings.chooseFolder()
    if (!exportSettings.folder) return
    exportSettings.keep()
    if (subject.kind === 'batch') {
      this.close()
      subject.start()
    } else {
      await this.#write(
        subject.results.map(({ resultId, facts, made }) => ({
          resultId,
          target: exportSettings.target(facts, made),
          ...(made && { original: made.original }),
        })),
      )
    }
  }

  /** One result, to a file that the person names. */
  async saveAs(): Promise<void> {
    const { subject } = this
    const [first] = subject?.kind === 'results' ? subject.results : []
    if (!first) return
    const { format } = exportSettings.choice
    const path = await window.uphill.chooseExport({
      suggestedName: exportSettings.fileName(first.facts),
      format,
    })
    const { resultId, facts, made } = first
    const target = path && exportSettings.targetAt(path, facts, made)
    if (target) await this.#write([{ resultId, target, ...(made && { original: made.original }) }])
  }

  async #write(all: Parameters<typeof engine.exportResult>[0][]): Promise<void> {
    this.busy = true
    this.error = null
    const written: string[] = []
    try {
      for (const each of all) written.push((await engine.exportResult(each)).path)
      exportSettings.keep()
      this.close()
      if (exportSettings.choice.reveal && written[0]) void window.uphill.revealExported(written[0])
    } catch (error) {
      this.error = errorToShow(error)
    } finally {
      this.busy = false
      this.done = written
    }
  }
}

export const exporting = new Exporting()
