/** The person's own pictures, as far as they were opened here: nothing that we write may go there. */
import { realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import { UphillError } from '../../../shared/errors.ts'
import type { OpenedDatasets } from './datasets.ts'

export class Originals {
  readonly #datasets: OpenedDatasets
  /** Real paths. */
  readonly #opened = new Set<string>()

  constructor(datasets: OpenedDatasets) {
    this.#datasets = datasets
  }

  async add(path: string): Promise<void> {
    this.#opened.add(await realpath(path).catch(() => path))
  }

  /** @throws FILE_EXISTS when the target is one of the person's own pictures */
  async refuse(target: string): Promise<void> {
    const real = await realpath(target).catch(() => null)
    if (real === null) return
    if (!this.#opened.has(real) && !(await this.#isLearnedFrom(real))) return
    throw new UphillError(
      'FILE_EXISTS',
      `“${basename(target)}” is one of your own pictures; Uphill does not write over it.`,
      'Choose another name or another folder.',
    )
  }

  async #isLearnedFrom(real: string): Promise<boolean> {
    const name = basename(real)
    for (const { pictures } of this.#datasets.all()) {
      for (const { path } of pictures) {
        if (basename(path) === name && (await realpath(path).catch(() => path)) === real) return true
      }
    }
    return false
  }
}
