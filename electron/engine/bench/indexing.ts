/** Indexing a folder against sharp's own metadata and thumbnail calls on the same files. */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { throwIfCancelled } from '../../../shared/errors.ts'
import { indexFolder } from '../datasets/index-folder.ts'
import { type Ratio, spread } from './interleave.ts'
import { makePhotos } from './photos.ts'

export interface IndexTimings {
  files: number
  /** Of our indexing. */
  seconds: number
  /** Our time divided by that of metadata() and a 256-pixel thumbnail from sharp. */
  ratio: Ratio
}

const foldersOf = 10

/** Files are links to 100 different pictures: to the decoder each is a file of its own. */
export async function timeIndexing(
  folder: string,
  files: number,
  signal?: AbortSignal,
): Promise<IndexTimings> {
  const originals = [
    ...(await makePhotos(path.join(folder, 'jpeg'), { count: 50, width: 640, height: 480, format: 'jpeg' })),
    ...(await makePhotos(path.join(folder, 'png'), { count: 50, width: 256, height: 256, format: 'png' })),
  ]
  const ratios: number[] = []
  let seconds = 0
  for (let group = 0; group < foldersOf; group++) {
    throwIfCancelled(signal)
    const linked = path.join(folder, `group-${group}`)
    await fs.mkdir(linked)
    const paths: string[] = []
    for (let index = 0; index < files / foldersOf; index++) {
      const original = originals[index % originals.length]!
      const target = path.join(linked, `${index}${path.extname(original)}`)
      await fs.link(original, target)
      paths.push(target)
    }
    const start = performance.now()
    const { pictures } = await indexFolder(linked, { signal })
    const middle = performance.now()
    if (pictures.length !== paths.length) throw new Error('the benchmark’s own pictures were not all indexed')
    await withSharpAlone(paths)
    ratios.push((middle - start) / (performance.now() - middle))
    seconds += (middle - start) / 1000
  }
  return { files, seconds, ratio: spread(ratios) }
}

async function withSharpAlone(paths: readonly string[]): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let file = paths[next++]; file; file = paths[next++]) {
      await sharp(file).metadata()
      await sharp(file).resize(256, 256, { fit: 'inside', withoutEnlargement: true }).raw().toBuffer()
    }
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, lane))
}
