/** The folder of the last export, remembered from one start to the next. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { filePath } from '../../shared/domain.ts'

export class LastFolder {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  /** Null when none was kept, or it is gone. */
  get path(): string | null {
    try {
      const folder = filePath.parse(readFileSync(this.#file, 'utf8'))
      return statSync(folder).isDirectory() ? folder : null
    } catch {
      return null
    }
  }

  /** Losing it costs nothing but a question. */
  keep(folder: string): void {
    try {
      writeFileSync(this.#file, folder)
    } catch (error) {
      console.error('the folder of the export could not be remembered', error)
    }
  }
}
