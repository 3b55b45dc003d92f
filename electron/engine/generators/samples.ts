/** Samples of a small generator as files: something to refine for those who have none. */
import path from 'node:path'
import type { Dataset, ExportOptions } from '../../../shared/domain.ts'
import { exportPicture } from '../images/encode.ts'
import { pictureOf, readForGenerator } from './folder.ts'
import { type GeneratorKind, generate } from './generator.ts'

export interface SampleOptions {
  kind: GeneratorKind
  count: number
  seed: number
  epochs?: number | undefined
}

export interface SampleRun {
  signal?: AbortSignal | undefined
  onProgress?:
    ((phase: 'reading' | 'teaching', share: number, secondsLeft: number | null) => void) | undefined
}

/** "gan-1-001.png" and so on: kind, seed and number. */
export function sampleNames({ kind, seed, count }: SampleOptions, format: ExportOptions['format']): string[] {
  const ending = format === 'jpeg' ? 'jpg' : format
  return Array.from(
    { length: count },
    (_, index) => `${kind}-${seed}-${String(index + 1).padStart(3, '0')}.${ending}`,
  )
}

/**
 * Teaches a generator on the pictures and writes samples of their size into the folder, which must be there.
 * @returns the files
 * @throws UphillError as readForGenerator, generate and exportPicture do
 */
export async function makeSamples(
  dataset: Dataset,
  folder: string,
  options: SampleOptions,
  output: ExportOptions,
  { signal, onProgress }: SampleRun = {},
): Promise<string[]> {
  const pictures = await readForGenerator(dataset, {
    signal,
    seed: options.seed,
    onProgress: (share) => onProgress?.('reading', share, null),
  })
  const samples = await generate(pictures, options, {
    signal,
    onProgress: (share, left) => onProgress?.('teaching', share, left),
  })
  const size = dataset.uniformSize ?? pictures
  const files: string[] = []
  for (const [index, name] of sampleNames(options, output.format).entries()) {
    files.push((await exportPicture(pictureOf(samples, index, size), path.join(folder, name), output)).path)
  }
  return files
}
