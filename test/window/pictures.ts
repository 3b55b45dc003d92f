/** Folders of real pictures with everything that real folders have: odd names, broken files, other things. */
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { writeDigits } from '../cli/run-uphill.ts'
import { hugePng, photo } from '../engine/images/making.ts'

/** Windows forbids these characters in names; everybody else uses them. */
const quotes = process.platform === 'win32' ? '“in quotes”' : `it's "in quotes"`
const oddNames = [quotes, 'two  spaces', 'smiling 😀'] as const
const longName = `${'n'.repeat(process.platform === 'win32' ? 120 : 251)}.png`

export interface Digits {
  folder: string
  /** Usable pictures, and names of the files that are left out. */
  pictures: number
  problems: string[]
}

/** 300 handwritten digits in subfolders, and three files that say they are pictures and are none. */
export async function makeDigits(folder: string): Promise<Digits> {
  const each = 100
  for (const [index, name] of oddNames.entries())
    await writeDigits(path.join(folder, name), index * each, each)
  await fs.rename(path.join(folder, oddNames[0], '0.png'), path.join(folder, oddNames[0], longName))
  await makeTornJpeg(path.join(folder, 'torn.jpg'))
  await fs.writeFile(path.join(folder, 'text.png'), 'this is no picture')
  hugePng(path.join(folder, 'bomb.png'), 30_000, 30_000)
  await fs.writeFile(path.join(folder, 'notes.txt'), 'nothing to see')
  return { folder, pictures: oddNames.length * each, problems: ['torn.jpg', 'text.png', 'bomb.png'] }
}

export interface NoisyDigit {
  noisy: string
  truth: string
}

/** A digit that is not among those of makeDigits, with noise of standard deviation `sigma` and without. */
export async function makeNoisyDigit(folder: string, sigma: number): Promise<NoisyDigit> {
  const index = 507
  const [truth] = await writeDigits(path.join(folder, 'truth'), index, 1)
  const [noisy] = await writeDigits(path.join(folder, 'noisy'), index, 1, sigma)
  return { noisy: noisy!, truth: truth! }
}

/** The first third of a JPEG. */
export async function makeTornJpeg(file: string): Promise<string> {
  const whole = await photo(200, 200).jpeg().toBuffer()
  await fs.writeFile(file, whole.subarray(0, whole.length / 3))
  return file
}

export async function makePhoto(file: string, width: number, height: number): Promise<string> {
  await photo(width, height).png().toFile(file)
  return file
}

const grey = (file: string): Promise<Buffer> => sharp(file).toColourspace('b-w').raw().toBuffer()

/** Peak signal to noise ratio of two picture files of one size, in dB. */
export async function psnrOfFiles(a: string, b: string): Promise<number> {
  const [one, other] = await Promise.all([grey(a), grey(b)])
  if (one.length !== other.length) throw new Error(`${a} and ${b} differ in size`)
  const squares = one.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0)
  return 10 * Math.log10(255 ** 2 / (squares / one.length))
}
