/**
 * The journal: the teaching that must go on after a crash or a power cut.
 * One small file, always written whole; a damaged one is set aside, never the reason not to start.
 */
import { readFile, rename } from 'node:fs/promises'
import * as z from 'zod'
import { id, modelName, pictureSource, teachOptions } from '../../../shared/domain.ts'
import { writeFileAtomic } from '../files/atomic.ts'

const entry = z.object({
  modelId: id,
  name: modelName,
  /** What was asked for; null when a teaching of a kept model was resumed. */
  options: teachOptions.nullable(),
  /** Seconds asked for beyond the plan, when a finished model is taught on. */
  extraSeconds: z.number().positive().nullable(),
  /** Other folders to go on with than those on the card. */
  source: pictureSource.nullable().default(null),
  paused: z.boolean(),
  /** How often the engine died in this teaching, one time after the other, without getting further. */
  crashes: z.int().nonnegative(),
  /** Steps done at the last checkpoint when the engine started with it. */
  step: z.int().nonnegative(),
})
export type JournalEntry = z.infer<typeof entry>

const journalFile = z.object({
  format: z.literal(1),
  /** The engine that wrote this. */
  pid: z.int().positive(),
  teaching: entry.nullable(),
})

export class Journal {
  readonly #path: string
  #lastWrite: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  async read(): Promise<{ pid: number; teaching: JournalEntry | null } | null> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch {
      return null
    }
    try {
      return journalFile.parse(JSON.parse(text))
    } catch {
      await rename(this.#path, `${this.#path}.damaged`).catch(() => undefined)
      return null
    }
  }

  /** Writes follow one another; each is whole or not there. */
  write(teaching: JournalEntry | null): Promise<void> {
    const content = JSON.stringify({ format: 1, pid: process.pid, teaching }, null, 2)
    const write = () => writeFileAtomic(this.#path, content, { whenExists: 'replace' })
    this.#lastWrite = this.#lastWrite.catch(() => undefined).then(write)
    return this.#lastWrite
  }
}
