/**
 * The teachings of this engine. One runs at a time: it takes every core there is, and two at once
 * would each take twice as long. A second start is refused with words, not queued in silence.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Teaching } from '../../../shared/contract.ts'
import type { ModelCard, PictureSource, TeachOptions } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { indexSource } from '../datasets/index-folder.ts'
import { isRunning } from '../files/owner.ts'
import { planTeaching } from '../learning/plan.ts'
import { type TeachRun, resumeTeaching, teach } from '../learning/teach.ts'
import type { ModelLibrary } from '../models/library.ts'
import { loadTensorflow } from '../tensor/backend.ts'
import type { OpenedDatasets } from './datasets.ts'
import type { Journal, JournalEntry } from './journal.ts'
import { TeachingRun } from './teaching-run.ts'

/** A teaching that takes the engine down this often without getting further is given up. */
const crashesAtMost = 3
const otherEngineWaitMs = 30_000

export class Teachings {
  readonly #library: ModelLibrary
  readonly #datasets: OpenedDatasets
  readonly #journal: Journal
  /** By model id; the order is that of starting. */
  readonly #runs = new Map<string, TeachingRun>()
  #entry: JournalEntry | null = null
  #keepInJournal = false
  #recovered: Promise<void> | null = null
  #starting = false

  readonly #budgetBytes: () => number | undefined

  /** @param budgetBytes memory for pictures, asked for when a teaching begins */
  constructor(
    library: ModelLibrary,
    datasets: OpenedDatasets,
    journal: Journal,
    budgetBytes: () => number | undefined,
  ) {
    this.#budgetBytes = budgetBytes
    this.#library = library
    this.#datasets = datasets
    this.#journal = journal
  }

  /** Goes on with what an engine before us could not finish. Called once; everything else waits for it. */
  recover(): Promise<void> {
    this.#recovered ??= this.#recover().catch((error: unknown) => {
      console.error('the journal could not be followed', error)
    })
    return this.#recovered
  }

  async list(): Promise<Teaching[]> {
    await this.recover()
    return [...this.#runs.values()].map((run) => run.teaching).reverse()
  }

  async start(options: TeachOptions): Promise<string> {
    return await this.#alone(async () => {
      const opened = this.#datasets.ofSource(options)
      // Too few pictures is a word to the person who asks, not a teaching that failed.
      if (opened) planTeaching(opened)
      await this.#library.requireFreeName(options.name)
      await loadTensorflow()
      const modelId = this.#library.freshId(options.name)
      await this.#begin({ ...newEntry(modelId, options.name), options })
      return modelId
    })
  }

  /** Goes on with a paused teaching, or teaches a stopped or finished model further. */
  async resume(modelId: string, seconds?: number, source?: PictureSource): Promise<string> {
    await this.recover()
    const run = this.#runs.get(modelId)
    if (run?.live) {
      run.resume()
      await this.#note({ paused: false })
      return modelId
    }
    return await this.#alone(async () => {
      const card = await this.#library.card(modelId)
      await loadTensorflow()
      await this.#begin({
        ...newEntry(modelId, card.name),
        extraSeconds: seconds ?? null,
        source: source ?? null,
        step: card.step,
      })
      return modelId
    })
  }

  async pause(modelId: string): Promise<void> {
    const run = await this.find(modelId)
    run.pause()
    if (run.live) await this.#note({ paused: true })
  }

  async stop(modelId: string): Promise<void> {
    const run = await this.find(modelId)
    await run.stop()
  }

  /** @throws JOB_NOT_FOUND */
  async find(modelId: string): Promise<TeachingRun> {
    await this.recover()
    const run = this.#runs.get(modelId)
    if (run) return run
    throw new UphillError('JOB_NOT_FOUND', 'This model is not being taught.', 'Start or resume its teaching.')
  }

  /** @throws MODEL_IN_USE when the model is being taught */
  async refuseWhenTaught(modelId: string, doing: string): Promise<void> {
    await this.recover()
    const run = this.#runs.get(modelId)
    if (!run?.live) return
    throw new UphillError(
      'MODEL_IN_USE',
      `“${run.teaching.name}” is being taught and cannot be ${doing} now.`,
      'Stop the teaching first, or wait until it has finished.',
    )
  }

  /**
   * Stops what runs and waits until it is on disk.
   * @param goOnLater keep it in the journal, so that the next engine goes on with it
   */
  async settle(goOnLater: boolean): Promise<void> {
    this.#keepInJournal = goOnLater
    await Promise.all([...this.#runs.values()].filter((run) => run.live).map((run) => run.stop()))
  }

  /** Runs `start` when nothing is taught, and lets nobody in between. */
  async #alone(start: () => Promise<string>): Promise<string> {
    await this.recover()
    const busy = [...this.#runs.values()].find((run) => run.live)
    if (busy || this.#starting) {
      throw new UphillError(
        'MODEL_IN_USE',
        busy
          ? `“${busy.teaching.name}” is being taught now; one teaching runs at a time.`
          : 'A teaching is starting.',
        'Stop it or wait until it has finished, then start this one.',
      )
    }
    this.#starting = true
    try {
      return await start()
    } finally {
      this.#starting = false
    }
  }

  async #begin(entry: JournalEntry): Promise<void> {
    const run = new TeachingRun(entry.modelId, entry.name)
    await this.#journal.write(entry)
    this.#entry = entry
    this.#runs.delete(entry.modelId)
    this.#runs.set(entry.modelId, run)
    if (entry.paused) run.pause()
    run.begin(
      (teachRun) => this.#work(entry, { ...teachRun, budgetBytes: this.#budgetBytes() }),
      async () => {
        this.#entry = null
        if (this.#keepInJournal) return
        await this.#journal.write(null).catch((error: unknown) => {
          console.error('the journal could not be written', error)
        })
      },
    )
  }

  async #work(entry: JournalEntry, run: TeachRun): Promise<ModelCard> {
    const { modelId, options } = entry
    const card = await this.#cardOrNull(modelId)
    if (!card && options) {
      const dataset = this.#datasets.ofSource(options) ?? (await indexSource(options, { signal: run.signal }))
      return await teach(this.#library, modelId, dataset, options, run)
    }
    // After a crash the plan on the card already holds the extra seconds.
    const extraSeconds = !card || card.state === 'finished' || entry.crashes === 0 ? entry.extraSeconds : null
    return await resumeTeaching(
      this.#library,
      modelId,
      extraSeconds ?? undefined,
      run,
      entry.source ?? undefined,
    )
  }

  async #cardOrNull(modelId: string): Promise<ModelCard | null> {
    try {
      return await this.#library.card(modelId)
    } catch (error) {
      if (error instanceof UphillError && error.code === 'MODEL_NOT_FOUND') return null
      throw error
    }
  }

  async #note(change: Partial<JournalEntry>): Promise<void> {
    if (!this.#entry) return
    this.#entry = { ...this.#entry, ...change }
    await this.#journal.write(this.#entry)
  }

  async #recover(): Promise<void> {
    const journal = await this.#journal.read()
    if (!journal?.teaching) return
    // An engine whose window crashed may still be writing its last checkpoint.
    await untilGone(journal.pid, otherEngineWaitMs)
    const entry = journal.teaching
    const card = await this.#cardOrNull(entry.modelId).catch(() => null)
    const step = card?.step ?? 0
    // It came to its end, and the engine died before it could say so here.
    if (card?.state === 'finished' && (entry.extraSeconds === null || step > entry.step)) {
      await this.#journal.write(null)
      return
    }
    const crashes = step > entry.step ? 1 : entry.crashes + 1
    if (crashes < crashesAtMost) {
      await this.#begin({ ...entry, step, crashes })
      return
    }
    const run = new TeachingRun(entry.modelId, entry.name)
    run.fail({
      code: 'INTERNAL',
      message: `The engine stopped ${String(crashes)} times in a row while teaching “${entry.name}”.`,
      next: 'Close other programs to free memory, then resume the teaching; what was learned before is kept.',
    })
    this.#runs.set(entry.modelId, run)
    await this.#journal.write(null)
  }
}

function newEntry(modelId: string, name: string): JournalEntry {
  return {
    modelId,
    name,
    options: null,
    extraSeconds: null,
    source: null,
    paused: false,
    crashes: 0,
    step: 0,
  }
}

async function untilGone(pid: number, atMostMs: number): Promise<void> {
  const until = Date.now() + atMostMs
  while (pid !== process.pid && isRunning(pid) && Date.now() < until) await sleep(200)
}
