/** Samples of generators, made on request and kept in the cache for a while. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contract } from '../../../shared/contract.ts'
import type { Handlers } from '../../../shared/rpc-server.ts'
import { toFileError } from '../files/atomic.ts'
import { makeSamples } from '../generators/samples.ts'
import type { OpenedDatasets } from './datasets.ts'
import type { PathGuard } from './path-guard.ts'
import { latestOf } from './progress.ts'

const keptMs = 7 * 24 * 3600 * 1000
const output = { format: 'png', quality: 92, whenExists: 'replace' } as const

export function sampleHandlers(parts: {
  folder: string
  datasets: OpenedDatasets
  guard: PathGuard
}): Pick<Handlers<Contract>, 'makeSamples'> {
  return {
    async *makeSamples({ datasetId, ...options }, { signal }) {
      const dataset = parts.datasets.get(datasetId)
      // A folder of its own each time: samples that are being refined stay what they are.
      const folder = join(parts.folder, `${options.kind}-${Date.now()}`)
      await mkdir(folder, { recursive: true }).catch((error: unknown) => {
        throw toFileError(error, folder, 'make the folder')
      })
      let made = false
      try {
        type Progress = { phase: 'reading' | 'teaching'; share: number; secondsLeft: number | null }
        const steps = latestOf<Progress, string[]>(
          (report) =>
            makeSamples(dataset, folder, options, output, {
              signal,
              onProgress: (phase, share, secondsLeft) =>
                report({ phase, share: Math.min(1, share), secondsLeft }),
            }),
          signal,
        )
        for await (const step of steps) {
          if (step.type === 'progress') {
            yield { type: 'progress', ...step.progress }
            continue
          }
          parts.guard.allow(folder)
          made = true
          yield { type: 'done', folder, count: step.result.length }
        }
      } finally {
        if (!made) await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

/** Removes samples that were made more than a week ago. */
export async function forgetOldSamples(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name)
    const info = await stat(path).catch(() => null)
    if (info && Date.now() - info.mtimeMs > keptMs) await rm(path, { recursive: true, force: true })
  }
}
