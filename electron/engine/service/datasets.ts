/** Folders that have been opened, by id. */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Dataset } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'

const keptAtMost = 16

export class OpenedDatasets {
  readonly #opened = new Map<string, Dataset>()

  /** The id follows from the folder: opening a folder again renews what is known under the same id. */
  keep(dataset: Dataset): string {
    const id = createHash('sha256').update(resolve(dataset.folder)).digest('hex').slice(0, 16)
    this.#opened.delete(id)
    this.#opened.set(id, dataset)
    const [oldest] = this.#opened.keys()
    if (this.#opened.size > keptAtMost && oldest !== undefined) this.#opened.delete(oldest)
    return id
  }

  /** @throws FOLDER_NOT_FOUND when it was not opened in this process */
  get(id: string): Dataset {
    const dataset = this.#opened.get(id)
    if (!dataset) {
      throw new UphillError(
        'FOLDER_NOT_FOUND',
        'This folder is not open any more; the engine was started again since.',
        'Open the folder again.',
      )
    }
    return dataset
  }

  all(): Iterable<Dataset> {
    return this.#opened.values()
  }

  /** The dataset of this folder when it is open. */
  ofFolder(folder: string): Dataset | null {
    const wanted = resolve(folder)
    return [...this.#opened.values()].find((dataset) => resolve(dataset.folder) === wanted) ?? null
  }
}
