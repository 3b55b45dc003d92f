/** Many pictures from files to files: what lies in what was dropped, and one walk at a time from disk to disk. */
import { stat } from 'node:fs/promises'
import { basename, dirname, relative } from 'node:path'
import type { Contract } from '../../../shared/contract.ts'
import { throwIfCancelled, toErrorInfo } from '../../../shared/errors.ts'
import type { Handlers } from '../../../shared/rpc-server.ts'
import { findFiles } from '../datasets/find-files.ts'
import { decodePicture } from '../images/decode.ts'
import { RefusedPicture } from '../images/source.ts'
import type { Pixels } from '../images/pixels.ts'
import type { ModelLibrary } from '../models/library.ts'
import { refine } from '../walking/refine.ts'
import type { Exports } from './exports.ts'
import type { ModelsInUse } from './models-in-use.ts'
import type { Originals } from './originals.ts'
import type { PathGuard } from './path-guard.ts'
import { latestOf } from './progress.ts'

interface BatchParts {
  readonly library: ModelLibrary
  readonly inUse: ModelsInUse
  readonly guard: PathGuard
  readonly originals: Originals
  readonly exports: Exports
}

interface Found {
  path: string
  folder: string
}

export function batchHandlers(parts: BatchParts): Pick<Handlers<Contract>, 'findPictures' | 'refineToFile'> {
  const { library, inUse, guard, originals, exports } = parts
  return {
    async findPictures({ paths }, { signal }) {
      paths.forEach((path) => guard.check(path))
      const pictures: Found[] = []
      const leftOut: { path: string; reason: string }[] = []
      for (const path of paths) {
        throwIfCancelled(signal)
        try {
          if (!(await stat(path)).isDirectory()) {
            pictures.push({ path, folder: '' })
            continue
          }
          const found = await findFiles(path, { signal })
          const root = dirname(path)
          pictures.push(
            ...found.pictures.sort().map((file) => ({ path: file, folder: relative(root, dirname(file)) })),
          )
          leftOut.push(...found.problems.map((problem) => ({ path: problem.path, reason: problem.reason })))
        } catch (error) {
          const reason = error instanceof RefusedPicture ? error.reason : toErrorInfo(error).message
          leftOut.push({ path, reason: `${basename(path)}: ${reason}` })
        }
      }
      return { pictures, leftOut }
    },

    async *refineToFile({ path, modelId, walk, target }, { signal }) {
      guard.check(path)
      const began = performance.now()
      const release = inUse.take(modelId)
      try {
        await originals.add(path)
        // Before the work: whether the result may go there at all.
        await exports.check(target)
        await exports.makeRoom(target)
        const model = await library.open(modelId)
        const pixels = await decodePicture(path)
        throwIfCancelled(signal)
        let stepsDone = 0
        const work = async (report: (share: number) => void): Promise<{ last: Pixels; gain: number }> => {
          const onTiles = (done: number, of: number): void => report((stepsDone + done / of) / walk.steps)
          let last = pixels
          let gain = 0
          for await (const { step, pixels: now } of refine(model, pixels, walk, { signal, onTiles })) {
            last = now
            gain += step.gain
            stepsDone = step.index
            report(stepsDone / walk.steps)
          }
          return { last, gain }
        }
        for await (const step of latestOf(work, signal)) {
          if (step.type === 'progress') {
            yield { type: 'progress', share: Math.min(1, step.progress) }
            continue
          }
          const { last, gain } = step.result
          throwIfCancelled(signal)
          const exported = await exports.write(last, target, path)
          yield { type: 'done', ...exported, gain, seconds: (performance.now() - began) / 1000 }
        }
      } finally {
        release()
      }
    },
  }
}
