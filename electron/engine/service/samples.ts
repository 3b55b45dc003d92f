/** Samples of generators, made on request and kept in the cache for a while. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contract } from '../../../shared/contract.ts'
import type { Handlers } from '../../../shared/rpc-server.ts'
import { sampleCount, unpackSamples } from '../demo/sample-pictures.ts'
import { makeFolder } from '../files/folder.ts'
import { makeSamples } from '../generators/samples.ts'
import type { OpenedDatasets } from './datasets.ts'
import type { PathGuard } from './path-guard.ts'
import { latestOf } from './progress.ts'

/** Enough to learn from in a minute, and quick to unpack. */
const sampleDigits = 1500
const noisyDigits = 12
const sampleNoise = 0.25
const keptMs = 7 * 24 * 3600 * 1000
const output = { format: 'png', quality: 92, whenExists: 'replace', profile: false } as const

export function sampleHandlers(parts: {
  folder: string
  datasets: OpenedDatasets
  guard: PathGuard
}): Pick<Handlers<Contract>, 'makeSamples' | 'samplePictures'> {
  return {
    async samplePictures(_input, { signal }) {
      const folder = join(parts.folder, 'digits')
      const noisy = join(parts.folder, 'noisy digits')
      await unpackSamples(folder, 0, sampleDigits, { signal })
      await unpackSamples(noisy, sampleCount - noisyDigits, sampleCount, { signal, noise: sampleNoise })
      parts.guard.allow(parts.folder)
      return { folder, noisy }
    },

    async *makeSamples({ datasetId, ...options }, { signal }) {
      const dataset = parts.datasets.get(datasetId)
      // A folder of its own each time: samples that are being refined stay what they are.
      const folder = join(parts.folder, `${options.kind}-${Date.now()}`)
      await makeFolder(folder)
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
