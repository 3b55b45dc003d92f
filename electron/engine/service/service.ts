/** The engine as a service: a handler for every procedure of the contract, over the engine's own functions. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contract } from '../../../shared/contract.ts'
import type { Dataset, IndexProgress, PictureInfo } from '../../../shared/domain.ts'
import { UphillError, throwIfCancelled } from '../../../shared/errors.ts'
import type { Handlers } from '../../../shared/rpc-server.ts'
import { changesOf, indexFolder } from '../datasets/index-folder.ts'
import { nearDuplicates } from '../datasets/near-duplicates.ts'
import { doctor } from '../doctor.ts'
import { cacheFolder, modelsFolder, readSettings } from '../home.ts'
import { decodePicture, decodeThumbnail, readPictureInfo } from '../images/decode.ts'
import { showPixels } from '../images/encode.ts'
import { planTeaching } from '../learning/plan.ts'
import { readRecipe } from '../images/recipe.ts'
import { measureNoise } from '../measuring/quality.ts'
import { duplicateModel, restoreModel } from '../models/copies.ts'
import { ModelLibrary } from '../models/library.ts'
import { shareModel, takeModel } from '../models/share.ts'
import { batchHandlers } from './batch.ts'
import { OpenedDatasets } from './datasets.ts'
import { diagnostics } from './diagnostics.ts'
import { Exports } from './exports.ts'
import { Journal } from './journal.ts'
import { KeptQueue } from './kept-queue.ts'
import { lookHandlers } from './looks.ts'
import { ModelsInUse } from './models-in-use.ts'
import { Originals } from './originals.ts'
import { forgetOldPasted, keepPasted } from './pasted.ts'
import { PathGuard } from './path-guard.ts'
import { latestOf } from './progress.ts'
import { Results } from './results.ts'
import { forgetOldSamples, sampleHandlers } from './samples.ts'
import { keepSettings } from './settings.ts'
import { Teachings } from './teachings.ts'
import { walkHandlers } from './walks.ts'

export interface ServiceOptions {
  /** The folder of everything that is ours. */
  readonly home: string
  /** True when the page is not to be trusted with paths. */
  readonly guardPaths: boolean
  /** Told of every file that was exported. */
  readonly onExported: (path: string) => void
}

export interface Service {
  readonly handlers: Handlers<Contract>
  /** The person gave the page this file or folder. */
  allowPath(path: string): void
  /** No page is left: what was kept for them is let go. */
  pagesGone(): void
  /** Goes on with what an engine before could not finish. */
  recover(): Promise<void>
  /** Stops what runs and waits until it is on disk. */
  settle(goOnLater: boolean): Promise<void>
}

/** Thumbnails at a time: decoding is native and parallel, but memory is not endless. */
const thumbnailsAtOnce = 4

export async function createService(options: ServiceOptions): Promise<Service> {
  const { home } = options
  // Where this cannot be, what is written there says so; models that are there can be used all the same.
  await mkdir(modelsFolder(home), { recursive: true }).catch((error: unknown) => {
    console.error('the folder of the models cannot be made', error)
  })
  const pastedFolder = join(cacheFolder(home), 'pasted')
  const samplesFolder = join(cacheFolder(home), 'samples')
  void forgetOldPasted(pastedFolder)
  void forgetOldSamples(samplesFolder)

  const library = new ModelLibrary(modelsFolder(home))
  const datasets = new OpenedDatasets(join(home, 'left-out.json'))
  const guard = new PathGuard(options.guardPaths)
  const results = new Results()
  const inUse = new ModelsInUse()
  const teachings = new Teachings(library, datasets, new Journal(join(home, 'jobs.json')), () => {
    const { memoryMiB } = readSettings(home)
    return memoryMiB === null ? undefined : memoryMiB * 2 ** 20
  })
  const originals = new Originals(datasets)
  const keptQueue = new KeptQueue(join(home, 'queue.json'), guard)
  const exports = new Exports(guard, originals, options.onExported)
  guard.allow(pastedFolder)

  /** A folder that a model was taught with was given once; it may be opened again. */
  async function checkFolder(folder: string): Promise<void> {
    try {
      guard.check(folder)
    } catch (error) {
      const listed = await library.list()
      if (
        !listed.some(
          (each) =>
            each.status === 'ok' &&
            [each.card.taughtWith.folder, ...each.card.taughtWith.more].includes(folder),
        )
      )
        throw error
      guard.allow(folder)
    }
  }

  const handlers: Handlers<Contract> = {
    doctor: () => doctor(),
    diagnostics: async () => ({ text: await diagnostics(home, library) }),
    settings: () => readSettings(home),
    changeSettings: (wanted) => keepSettings(home, wanted, guard),

    async *openFolder({ folder, more }, { signal }) {
      for (const each of [folder, ...more]) await checkFolder(each)
      const steps = latestOf<IndexProgress, Dataset>(
        (onProgress) => indexFolder(folder, { signal, onProgress, more }),
        signal,
      )
      for await (const step of steps) {
        if (step.type === 'progress') {
          yield step
        } else {
          yield { type: 'opened', dataset: datasets.summary(datasets.keep(step.result)) }
        }
      }
    },

    async thumbnails({ datasetId, from, count, size }, { signal }) {
      const pictures = datasets.get(datasetId).pictures.slice(from, from + count)
      const shown = new Array<{
        info: (typeof pictures)[number]
        thumbnail: Awaited<ReturnType<typeof decodeThumbnail>> | null
        leftOut: boolean
      }>()
      const leftOut = datasets.leftOut(datasetId)
      for (let start = 0; start < pictures.length; start += thumbnailsAtOnce) {
        throwIfCancelled(signal)
        const some = pictures.slice(start, start + thumbnailsAtOnce)
        // A file that went away or broke since has no thumbnail; the others still have theirs.
        const thumbnails = await Promise.all(
          some.map(({ path }) => decodeThumbnail(path, size).catch(() => null)),
        )
        some.forEach((info, index) =>
          shown.push({ info, thumbnail: thumbnails[index] ?? null, leftOut: leftOut.has(info.path) }),
        )
      }
      return shown
    },

    async leaveOut({ datasetId, paths, out }) {
      await datasets.leaveOut(datasetId, paths, out)
      return datasets.summary(datasetId)
    },
    changes: ({ datasetId }, { signal }) => changesOf(datasets.get(datasetId), signal),
    async *nearDuplicates({ datasetId }, { signal }) {
      const { pictures } = datasets.chosen(datasetId)
      const steps = latestOf<number, PictureInfo[][]>(
        (onProgress) => nearDuplicates(pictures, { signal, onProgress }),
        signal,
      )
      for await (const step of steps) {
        if (step.type === 'progress') yield { type: 'progress', done: step.progress, of: pictures.length }
        else yield { type: 'done', groups: step.result }
      }
    },
    thumbnail({ datasetId, path, size }) {
      const known = datasets.get(datasetId).pictures.some((each) => each.path === path)
      return known ? decodeThumbnail(path, size).catch(() => null) : null
    },

    planTeaching: ({ datasetId }) => planTeaching(datasets.chosen(datasetId)),

    async startTeaching(teachOptions) {
      for (const folder of [teachOptions.folder, ...teachOptions.more]) await checkFolder(folder)
      return { modelId: await teachings.start(datasets.withLeftOut(teachOptions)) }
    },
    async resumeTeaching({ modelId, seconds, datasetId }) {
      const source = datasetId === undefined ? undefined : datasets.source(datasetId)
      return { modelId: await teachings.resume(modelId, seconds, source) }
    },
    async pauseTeaching({ modelId }) {
      await teachings.pause(modelId)
      return {}
    },
    async stopTeaching({ modelId }) {
      await teachings.stop(modelId)
      return {}
    },
    teachings: () => teachings.list(),
    async *watchTeaching({ modelId }, { signal }) {
      const run = await teachings.find(modelId)
      yield* run.watch(signal)
    },

    models: () => library.list(),
    async renameModel({ modelId, name }) {
      await teachings.refuseWhenTaught(modelId, 'renamed')
      return await library.rename(modelId, name)
    },
    async trashModel({ modelId }) {
      await teachings.refuseWhenTaught(modelId, 'deleted')
      inUse.refuseWhenUsed(modelId)
      return { trashId: await library.trash(modelId) }
    },
    restoreModel: ({ trashId }) => restoreModel(library, trashId),
    async duplicateModel({ modelId, name }) {
      await teachings.refuseWhenTaught(modelId, 'duplicated')
      return await duplicateModel(library, modelId, name)
    },
    async setModelNotes({ modelId, notes }) {
      await teachings.refuseWhenTaught(modelId, 'changed')
      return await library.setNotes(modelId, notes)
    },
    async shareModel({ modelId, path }) {
      guard.check(path)
      // The person was asked by the dialog whether a file may be replaced.
      const shared = await shareModel(library, modelId, path, { whenExists: 'replace' })
      options.onExported(shared.path)
      return shared
    },
    takeModel({ path }) {
      guard.check(path)
      return takeModel(library, path)
    },
    async modelPreview({ modelId }) {
      const png = await library.preview(modelId)
      return png && { mime: 'image/png', ...pngSize(png), bytes: png }
    },

    smallPicture({ path, size }) {
      guard.check(path)
      return decodeThumbnail(path, size).catch(() => null)
    },
    async openPicture({ path, maxSide }, { signal }) {
      guard.check(path)
      await originals.add(path)
      const info = await readPictureInfo(path)
      throwIfCancelled(signal)
      const pixels = await decodePicture(path)
      throwIfCancelled(signal)
      return {
        info,
        view: await showPixels(pixels, maxSide),
        noise: measureNoise(pixels),
        recipe: await readRecipe(path),
      }
    },
    ...walkHandlers({ library, inUse, guard, results }),
    ...lookHandlers({ library, inUse, guard }),
    ...sampleHandlers({ folder: samplesFolder, datasets, guard }),
    ...batchHandlers({ library, inUse, guard, originals, exports }),
    keptQueue: () => keptQueue.read(),
    async keepQueue({ orders }) {
      await keptQueue.write(orders)
      return {}
    },
    forgetResult({ resultId }) {
      results.forget(resultId)
      return {}
    },
    exportResult: ({ resultId, target, original }) => exports.write(results.get(resultId), target, original),

    keepPasted: async ({ bytes }) => ({ path: await keepPasted(pastedFolder, bytes) }),
  }

  return {
    handlers,
    allowPath(path) {
      guard.allow(path)
    },
    pagesGone() {
      results.forgetAll()
    },
    recover: () => teachings.recover(),
    settle: (goOnLater) => teachings.settle(goOnLater),
  }
}

/** Width and height out of the header of a PNG (IHDR, PNG specification 11.2.2). */
function pngSize(png: Uint8Array): { width: number; height: number } {
  if (png.byteLength < 24) throw new UphillError('MODEL_DAMAGED', 'The preview of this model is damaged.')
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength)
  return { width: header.getUint32(16), height: header.getUint32(20) }
}
