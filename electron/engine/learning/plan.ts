/** What teaching on a folder would mean, before it begins. */
import path from 'node:path'
import { type Dataset, type ModelKind, type PresetName, presetName } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'

/** Largest side in pixels of pictures that are learned whole. */
export const wholeImageLimit = 128
/** Fewer pictures than this are learned by heart rather than understood. */
const wholeImageFewest = 100
const anySizeFewest = 2
/** Fewer than this are worth a word before the teaching. */
const few = 20

/** Seconds of teaching; a preset is a promise of time, kept on any machine. */
export const presetSeconds: Readonly<Record<PresetName, number>> = { quick: 180, good: 900, best: 3600 }

export interface TeachingPlan {
  kind: ModelKind
  /** Why this kind: all of one small size and many; too few for that; of different or large sizes. */
  reason: 'whole' | 'few' | 'patches'
  /** Few enough to be learned by heart. */
  fewPictures: boolean
  /** The reason and what is to be considered, in words for the terminal. */
  why: string
  warnings: string[]
  suggestedName: string
  presets: { preset: PresetName; seconds: number }[]
}

/**
 * Chooses the kind of net from the pictures, and says why.
 * @throws UphillError NO_PICTURES or TOO_FEW_PICTURES
 */
export function planTeaching(dataset: Dataset): TeachingPlan {
  const count = dataset.pictures.length
  requireEnough(dataset, anySizeFewest)
  const size = dataset.uniformSize
  const small = size !== null && Math.max(size.width, size.height) <= wholeImageLimit
  const kind: ModelKind = small && count >= wholeImageFewest ? 'whole-image' : 'any-size'
  const why =
    kind === 'whole-image'
      ? `All ${count} pictures are ${size!.width} × ${size!.height} pixels: the model learns them whole, and can make new ones.`
      : small
        ? `There are only ${count} pictures: the model learns their texture. From ${wholeImageFewest} on, it learns whole pictures.`
        : 'The pictures are of different or large sizes: the model learns from patches, and refines pictures of any size.'
  const warnings: string[] = []
  if (count < few)
    warnings.push(
      `${count} pictures are few. The model will know these well and others badly; 100 or more are better.`,
    )
  const left = dataset.problems.length
  if (left > 0)
    warnings.push(`${left === 1 ? '1 file is' : `${left} files are`} left out; the list says why.`)
  return {
    kind,
    reason: kind === 'whole-image' ? 'whole' : small ? 'few' : 'patches',
    fewPictures: count < few,
    why,
    warnings,
    suggestedName: path.basename(path.resolve(dataset.folder)).slice(0, 80).trim() || 'My pictures',
    presets: presetName.options.map((preset) => ({ preset, seconds: presetSeconds[preset] })),
  }
}

/** The kind that was asked for, or the planned one. @throws UphillError BAD_INPUT when it does not fit the pictures */
export function chooseKind(dataset: Dataset, asked: ModelKind | 'auto'): ModelKind {
  if (asked === 'auto') return planTeaching(dataset).kind
  requireEnough(dataset, anySizeFewest)
  if (asked === 'any-size') return asked
  const size = dataset.uniformSize
  if (size && Math.max(size.width, size.height) <= wholeImageLimit) return asked
  throw new UphillError(
    'BAD_INPUT',
    size
      ? `The pictures are ${size.width} × ${size.height} pixels; a whole-image model takes at most ${wholeImageLimit}.`
      : 'The pictures are of different sizes; a whole-image model needs one size.',
    'Teach an any-size model, or bring the pictures to one small size first.',
  )
}

function requireEnough(dataset: Dataset, fewest: number): void {
  const count = dataset.pictures.length
  if (count >= fewest) return
  const left = dataset.problems.length
  const others =
    left > 0 ? ` ${left} file${left === 1 ? ' was' : 's were'} left out: ${dataset.problems[0]!.reason}` : ''
  if (count === 0) {
    throw new UphillError(
      'NO_PICTURES',
      `There is no usable picture in ${dataset.folder}.${others}`,
      'Choose a folder with PNG, JPEG, WebP, TIFF, GIF or AVIF pictures of at least 16 × 16 pixels.',
    )
  }
  throw new UphillError(
    'TOO_FEW_PICTURES',
    `There is only one usable picture in ${dataset.folder}.${others}`,
    'Add more: one to learn from and one to check with is the least, 100 or more are good.',
  )
}
