/** Folders that have been opened, by id, and what a person left out of them. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import * as z from 'zod'
import {
  type Dataset,
  type DatasetSummary,
  type PictureSource,
  filePath,
  id,
} from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { summarise, without } from '../datasets/index-folder.ts'
import { writeFileAtomic } from '../files/atomic.ts'

const keptAtMost = 16
const leftOutFile = z.record(id, z.array(filePath))

export class OpenedDatasets {
  readonly #opened = new Map<string, Dataset>()
  /** Paths by dataset: kept from one start to the next, and when the folder is looked at again. */
  readonly #leftOut: Map<string, Set<string>>
  readonly #file: string
  #lastWrite: Promise<void> = Promise.resolve()

  /** @param file where is kept what was left out */
  constructor(file: string) {
    this.#file = file
    this.#leftOut = new Map(readLeftOut(file).map(([key, paths]) => [key, new Set(paths)]))
  }

  /** The id follows from the folders: opening them again renews what is known under the same id. */
  keep(dataset: Dataset): string {
    const key = idOf(dataset)
    this.#opened.delete(key)
    this.#opened.set(key, dataset)
    const [oldest] = this.#opened.keys()
    if (this.#opened.size > keptAtMost && oldest !== undefined) this.#opened.delete(oldest)
    return key
  }

  /**
   * All that is in the folders.
   * @throws FOLDER_NOT_FOUND when they were not opened in this process
   */
  get(datasetId: string): Dataset {
    const dataset = this.#opened.get(datasetId)
    if (!dataset) {
      throw new UphillError(
        'FOLDER_NOT_FOUND',
        'This folder is not open any more; the engine was started again since.',
        'Open the folder again.',
      )
    }
    return dataset
  }

  /** Without what was left out by hand. */
  chosen(datasetId: string): Dataset {
    return without(this.get(datasetId), this.leftOut(datasetId))
  }

  leftOut(datasetId: string): ReadonlySet<string> {
    return this.#leftOut.get(datasetId) ?? new Set()
  }

  /** Leaves pictures out, or takes them in again. */
  async leaveOut(datasetId: string, paths: readonly string[], out: boolean): Promise<void> {
    const known = new Set(this.get(datasetId).pictures.map(({ path }) => path))
    // Those that are gone are forgotten on the way.
    const left = new Set([...this.leftOut(datasetId)].filter((path) => known.has(path)))
    for (const path of paths) {
      if (out && known.has(path)) left.add(path)
      else left.delete(path)
    }
    this.#leftOut.set(datasetId, left)
    const all = [...this.#leftOut].filter(([, each]) => each.size > 0)
    const text = `${JSON.stringify(Object.fromEntries(all.map(([key, each]) => [key, [...each]])))}\n`
    this.#lastWrite = this.#lastWrite
      .catch(() => undefined)
      .then(() => writeFileAtomic(this.#file, text, { whenExists: 'replace' }))
    await this.#lastWrite
  }

  /** The folders and what was left out of them, as a model keeps it. */
  source(datasetId: string): PictureSource {
    const { folder, more } = this.get(datasetId)
    return { folder, more, leftOut: [...this.leftOut(datasetId)] }
  }

  /** What is left out of these folders goes with whatever is done with them. */
  withLeftOut<T extends PictureSource>(source: T): T {
    return { ...source, leftOut: [...new Set([...source.leftOut, ...this.leftOut(idOf(source))])] }
  }

  summary(datasetId: string): DatasetSummary {
    const dataset = this.get(datasetId)
    const leftOut = this.leftOut(datasetId)
    return summarise(datasetId, dataset, dataset.pictures.filter(({ path }) => leftOut.has(path)).length)
  }

  all(): Iterable<Dataset> {
    return this.#opened.values()
  }

  /** What a source says, when its folders are open. */
  ofSource({ leftOut, ...folders }: PictureSource): Dataset | null {
    const dataset = this.#opened.get(idOf(folders))
    return dataset ? without(dataset, new Set(leftOut)) : null
  }
}

function idOf({ folder, more }: Pick<Dataset, 'folder' | 'more'>): string {
  const hash = createHash('sha256')
  hash.update([folder, ...more].map((each) => resolve(each)).join('\0'))
  return hash.digest('hex').slice(0, 16)
}

function readLeftOut(file: string): [string, string[]][] {
  try {
    return Object.entries(leftOutFile.parse(JSON.parse(readFileSync(file, 'utf8'))))
  } catch {
    return []
  }
}
