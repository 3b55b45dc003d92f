/** Which pictures are refined, and where each result goes: decided before the first of them is touched. */
import fs from 'node:fs/promises'
import path from 'node:path'
import type { ExportFormat } from '../../../shared/domain.ts'
import { type ErrorInfo, isCancelled, throwIfCancelled, toErrorInfo } from '../../../shared/errors.ts'
import { findFiles } from '../../engine/datasets/find-files.ts'
import { toFileError } from '../../engine/files/atomic.ts'
import { numberedPath } from '../../engine/files/numbered-name.ts'
import { readPictureInfo } from '../../engine/images/decode.ts'

export interface Task {
  file: string
  target: string
  format: ExportFormat
}

export interface Failure extends ErrorInfo {
  file: string
}

export interface RefinePlan {
  tasks: Task[]
  failures: Failure[]
  /** Not refined, and no failure: the reason stands beside each. */
  leftOut: { file: string; reason: string }[]
  /** Files in the folders that are no pictures by their names. */
  otherFiles: number
  /** The real paths of all pictures: no result may go there. */
  originals: ReadonlySet<string>
}

const extensions: Record<ExportFormat, string> = {
  png: '.png',
  jpeg: '.jpg',
  webp: '.webp',
  tiff: '.tif',
  avif: '.avif',
}

interface Found {
  file: string
  /** Where it lies below the folder that was given. */
  below: string
}

/**
 * Files as they are, folders with all that is in them. Two results never have the same target: the second gets a
 * number. Only the headers of the pictures are read.
 * @param format of all results; without it each keeps the format of its picture (GIF becomes PNG)
 * @throws UphillError CANCELLED
 */
export async function planRefining(
  inputs: readonly string[],
  out: string,
  format: ExportFormat | undefined,
  signal: AbortSignal,
): Promise<RefinePlan> {
  const plan = { tasks: [], failures: [], leftOut: [], otherFiles: 0 } as Omit<RefinePlan, 'originals'>
  const originals = new Set<string>()
  const targets = new Set<string>()
  for (const { file, below } of await findAll(inputs, out, plan, signal)) {
    throwIfCancelled(signal)
    try {
      const real = await fs.realpath(file)
      if (originals.has(real)) {
        plan.leftOut.push({ file, reason: 'It is given twice and refined once.' })
        continue
      }
      originals.add(real)
      const own = format ?? (await readPictureInfo(file)).format
      const kept = own === 'gif' ? 'png' : own
      const { dir, name } = path.parse(below)
      const target = freeTarget(path.join(out, dir, `${name}${extensions[kept]}`), targets)
      plan.tasks.push({ file, target, format: kept })
    } catch (error) {
      plan.failures.push(failureOf(file, error))
    }
  }
  return { ...plan, originals }
}

export function failureOf(file: string, error: unknown): Failure {
  return { file, ...toErrorInfo(toFileErrorWhenOfFiles(error, file)) }
}

function toFileErrorWhenOfFiles(error: unknown, file: string): unknown {
  return error instanceof Error && 'syscall' in error ? toFileError(error, file, 'open the picture') : error
}

async function findAll(
  inputs: readonly string[],
  out: string,
  plan: Omit<RefinePlan, 'originals'>,
  signal: AbortSignal,
): Promise<Found[]> {
  const found: Found[] = []
  const folders: string[] = []
  for (const input of inputs) {
    try {
      if ((await fs.stat(input)).isDirectory()) folders.push(input)
      else found.push({ file: input, below: path.basename(input) })
    } catch (error) {
      plan.failures.push(failureOf(input, error))
    }
  }
  for (const folder of folders) {
    try {
      // Several folders must not be poured into each other.
      const into = folders.length > 1 ? path.basename(path.resolve(folder)) : ''
      const files = await findFiles(folder, { signal })
      plan.otherFiles += files.ignored
      for (const { path: file, kind, reason } of files.problems) {
        if (kind === 'unsupported') plan.leftOut.push({ file, reason })
        else {
          const next = 'Give yourself the right to read it, or leave it out.'
          plan.failures.push({ file, code: 'PICTURE_UNREADABLE', message: reason, next })
        }
      }
      for (const file of files.pictures.sort()) {
        if (liesIn(file, out) && liesIn(out, folder))
          plan.leftOut.push({ file, reason: 'It lies in the folder of the results.' })
        else found.push({ file, below: path.join(into, path.relative(folder, file)) })
      }
    } catch (error) {
      if (isCancelled(error)) throw error
      plan.failures.push(failureOf(folder, error))
    }
  }
  return found
}

function liesIn(inner: string, outer: string): boolean {
  const relative = path.relative(path.resolve(outer), path.resolve(inner))
  return (
    relative !== '' &&
    relative !== '..' &&
    !relative.startsWith(`..${path.sep}`) &&
    !path.isAbsolute(relative)
  )
}

/** Many disks take `A.png` and `a.png` for one name, and two ways to write é as well. */
function freeTarget(target: string, taken: Set<string>): string {
  for (let number = 1; ; number++) {
    const candidate = numberedPath(target, number)
    const key = candidate.normalize('NFC').toLowerCase()
    if (taken.has(key)) continue
    taken.add(key)
    return candidate
  }
}
