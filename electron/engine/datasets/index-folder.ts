/** From a folder to a dataset: what is there, what can be used, and why the rest cannot. */
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type {
  Dataset,
  DatasetSummary,
  IndexProgress,
  PictureInfo,
  PictureProblem,
  PictureSource,
} from '../../../shared/domain.ts'
import { UphillError, throwIfCancelled, toErrorInfo } from '../../../shared/errors.ts'
import { checkPicture } from '../images/check.ts'
import { RefusedPicture } from '../images/source.ts'
import { findFiles, folderError } from './find-files.ts'

/** Progress is told at most this often, in milliseconds. */
const progressEvery = 50
/** The contract's limit of a path. */
const longestPath = 4096

interface IndexRun {
  signal?: AbortSignal | undefined
  onProgress?: ((progress: IndexProgress) => void) | undefined
}

/** What a source says: its folders, without what was left out by hand. @throws as indexFolder */
export async function indexSource(
  { folder, more, leftOut }: PictureSource,
  run: IndexRun = {},
): Promise<Dataset> {
  return without(await indexFolder(folder, { ...run, more }), new Set(leftOut))
}

/** The dataset without these paths. */
export function without(dataset: Dataset, leftOut: ReadonlySet<string>): Dataset {
  const pictures = dataset.pictures.filter(({ path }) => !leftOut.has(path))
  return pictures.length === dataset.pictures.length
    ? dataset
    : { ...dataset, pictures, uniformSize: uniformSizeOf(pictures) }
}

/**
 * Looks at a folder, and others when there are more, and all folders in them; files are only read, every picture once as a whole. What cannot be used
 * is listed with the reason and is never fatal. Sorted by path, so that the same folder gives the same dataset.
 * @throws UphillError FOLDER_NOT_FOUND, FOLDER_NOT_READABLE, CANCELLED
 */
export async function indexFolder(
  folder: string,
  run: IndexRun & { more?: readonly string[] } = {},
): Promise<Dataset> {
  const { signal, more = [] } = run
  throwIfCancelled(signal)
  const roots = [...new Set([folder, ...more].map((each) => resolve(each)))]
  const report = paced(run.onProgress)
  // A folder within another would be found twice.
  const all = new Set<string>()
  const problems = new Map<string, PictureProblem>()
  let ignored = 0
  for (const root of roots) {
    const found = await findFiles(root, {
      signal,
      onFound: (count) => report({ found: all.size + count, done: 0 }),
    })
    found.pictures.forEach((path) => all.add(path))
    found.problems.forEach((problem) => problems.set(problem.path, problem))
    ignored += found.ignored
  }
  const paths = [...all].sort()
  const pictures: PictureInfo[] = []
  const large = oneAtATime()
  let greyscale = true
  let done = 0
  await eachConcurrently(paths, async (path) => {
    throwIfCancelled(signal)
    try {
      const checked = await checkPicture(path, large)
      pictures.push(checked.info)
      greyscale &&= checked.greyscale
    } catch (error) {
      problems.set(path, problemOf(path, error))
    }
    report({ found: paths.length, done: ++done })
  })
  throwIfCancelled(signal)
  if (pictures.length === 0 && problems.size > 0) for (const root of roots) await failWhenGone(root)
  report({ found: paths.length, done }, true)
  return {
    folder: roots[0]!,
    more: roots.slice(1),
    pictures: pictures.sort(byPath),
    problems: [...problems.values()]
      .map((problem) => ({ ...problem, path: problem.path.slice(0, longestPath) }))
      .sort(byPath),
    ignored,
    uniformSize: uniformSizeOf(pictures),
    greyscale: greyscale && pictures.length > 0,
  }
}

/** Whether files came or went since, by their names alone. @throws as findFiles */
export async function changesOf(
  dataset: Dataset,
  signal?: AbortSignal,
): Promise<{ added: number; gone: number }> {
  const now = new Set<string>()
  for (const root of [dataset.folder, ...dataset.more]) {
    for (const path of (await findFiles(root, { signal })).pictures) now.add(path)
  }
  const known = new Set([...dataset.pictures, ...dataset.problems].map(({ path }) => path))
  const added = [...now].filter((path) => !known.has(path)).length
  const gone = dataset.pictures.filter(({ path }) => !now.has(path)).length
  return { added, gone }
}

/**
 * What the page needs to know of a dataset, without the list of pictures.
 * @param leftOut how many of the pictures are left out by hand
 */
export function summarise(datasetId: string, dataset: Dataset, leftOut = 0): DatasetSummary {
  const { folder, more, pictures, problems, ignored, uniformSize, greyscale } = dataset
  const formats: DatasetSummary['formats'] = {}
  let pixels = 0
  for (const { format, width, height } of pictures) {
    formats[format] = (formats[format] ?? 0) + 1
    pixels += width * height
  }
  return {
    datasetId,
    folder,
    more,
    pictures: pictures.length,
    leftOut,
    problems,
    ignored,
    uniformSize,
    greyscale,
    megapixels: pixels / 1e6,
    formats,
  }
}

function uniformSizeOf(pictures: readonly PictureInfo[]): { width: number; height: number } | null {
  const [first] = pictures
  if (!first) return null
  const { width, height } = first
  return pictures.every((picture) => picture.width === width && picture.height === height)
    ? { width, height }
    : null
}

function problemOf(path: string, error: unknown): PictureProblem {
  if (error instanceof RefusedPicture) return { path, kind: error.kind, reason: error.reason }
  // Out of memory, or a defect: this one picture is left out, the others are not lost.
  return { path, kind: 'unreadable', reason: toErrorInfo(error).message }
}

/** A drive that was pulled out is not a folder full of damaged pictures. */
async function failWhenGone(folder: string): Promise<void> {
  try {
    await stat(folder)
  } catch (error) {
    const { code, next } = folderError(error, folder)
    throw new UphillError(code, `The folder ${folder} went away while it was being looked at.`, next, {
      cause: error,
    })
  }
}

/** By code units: the same everywhere, whatever the language of the system. */
function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

/** The decoder works on four threads at most; a few more files in flight would only take memory. */
async function eachConcurrently<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const lanes = Math.min(4, Math.max(2, availableParallelism()), items.length)
  let next = 0
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
}

function paced(
  tell: ((progress: IndexProgress) => void) | undefined,
): (progress: IndexProgress, now?: boolean) => void {
  let last = -Infinity
  return (progress, now = false) => {
    if (!tell || (!now && performance.now() - last < progressEvery)) return
    last = performance.now()
    tell(progress)
  }
}
