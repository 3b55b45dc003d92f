/** Real pictures of every format, and what accidents and strangers make of them. */
import sharp, { type Sharp } from 'sharp'
import { imageFrom, photo, samples } from '../engine/images/making.ts'

export interface Seed {
  extension: string
  bytes: Buffer
}

/** A few pictures of each format that can be read, small enough for thousands of trials. */
export async function seedPictures(): Promise<Seed[]> {
  const colour = (): Sharp => photo(48, 40)
  const deep = (): Sharp => imageFrom(samples(16, 40, 30, 3), 40, 30, 3)
  const see = (): Sharp => imageFrom(samples(8, 40, 30, 4), 40, 30, 4)
  const grey = (): Sharp => imageFrom(samples(8, 33, 47, 1), 33, 47, 1)
  const frames = await sharp([await colour().png().toBuffer(), await colour().negate().png().toBuffer()], {
    join: { animated: true },
  })
    .gif()
    .toBuffer()
  const made: [string, Promise<Buffer> | Buffer][] = [
    ['png', colour().png().toBuffer()],
    ['png', colour().png({ palette: true }).toBuffer()],
    ['png', deep().withIccProfile('p3').png({ progressive: true }).toBuffer()],
    ['png', see().png().toBuffer()],
    ['jpg', colour().withMetadata({ orientation: 6 }).jpeg().toBuffer()],
    ['jpg', colour().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer()],
    ['jpg', colour().toColourspace('cmyk').jpeg().toBuffer()],
    ['jpg', grey().jpeg().toBuffer()],
    ['webp', colour().webp().toBuffer()],
    ['webp', see().webp({ lossless: true }).toBuffer()],
    ['webp', sharp(frames, { animated: true }).webp().toBuffer()],
    ['tif', colour().tiff({ compression: 'lzw', predictor: 'horizontal' }).toBuffer()],
    ['tif', deep().tiff({ compression: 'deflate' }).toBuffer()],
    ['tif', colour().tiff({ compression: 'jpeg' }).toBuffer()],
    ['tif', colour().tiff({ tile: true, tileWidth: 16, tileHeight: 16, compression: 'none' }).toBuffer()],
    ['gif', frames],
    ['avif', colour().avif({ effort: 0 }).toBuffer()],
    ['avif', see().avif({ effort: 0, lossless: true }).toBuffer()],
  ]
  return Promise.all(made.map(async ([extension, bytes]) => ({ extension, bytes: await bytes })))
}

const below = (random: () => number, count: number): number => Math.floor(random() * count)

/** Numbers that break careless arithmetic, as 32 bits. */
const extremes = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x0000ffff, 0x00010000, 0x40000000]

type Mutation = (bytes: Buffer, random: () => number, others: readonly Seed[]) => Buffer

const mutations: Mutation[] = [
  function flipBits(bytes, random) {
    const out = Buffer.from(bytes)
    const flips = 1 + below(random, 40)
    for (let flip = 0; flip < flips; flip++) out[below(random, out.length)]! ^= 1 << below(random, 8)
    return out
  },
  function cutShort(bytes, random) {
    return bytes.subarray(0, below(random, bytes.length))
  },
  function extremeNumber(bytes, random) {
    const out = Buffer.from(bytes)
    // Sizes, counts and offsets stand near the beginning.
    const near = random() < 0.7 ? Math.min(out.length, 300) : out.length
    const at = Math.max(0, below(random, near) - 4)
    const value = extremes[below(random, extremes.length)]!
    if (random() < 0.5) out.writeUInt32BE(value, at)
    else out.writeUInt32LE(value, at)
    return out
  },
  function overwrite(bytes, random) {
    const out = Buffer.from(bytes)
    const from = below(random, out.length)
    const to = Math.min(out.length, from + 1 + below(random, 64))
    const fill = [0, 0xff, below(random, 256)][below(random, 3)]!
    return out.fill(fill, from, to)
  },
  function repeat(bytes, random) {
    const from = below(random, bytes.length)
    const piece = bytes.subarray(from, from + 1 + below(random, 200))
    return Buffer.concat([bytes.subarray(0, from), piece, piece, piece, bytes.subarray(from)])
  },
  function remove(bytes, random) {
    const from = below(random, bytes.length)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + below(random, 100))])
  },
  function splice(bytes, random, others) {
    const other = others[below(random, others.length)]!.bytes
    return Buffer.concat([
      bytes.subarray(0, below(random, bytes.length)),
      other.subarray(below(random, other.length)),
    ])
  },
  function scramble(bytes, random) {
    const out = Buffer.from(bytes)
    for (let i = Math.min(16, out.length); i < out.length; i++) {
      if (random() < 0.02) out[i] = below(random, 256)
    }
    return out
  },
]

/** One file that is broken in one way, or in two. */
export function brokenPicture(seeds: readonly Seed[], random: () => number): Seed {
  const seed = seeds[below(random, seeds.length)]!
  let bytes = mutations[below(random, mutations.length)]!(seed.bytes, random, seeds)
  if (random() < 0.3)
    bytes = mutations[below(random, mutations.length)]!(bytes.length > 8 ? bytes : seed.bytes, random, seeds)
  // Now and then the name lies as well.
  const extension = random() < 0.1 ? seeds[below(random, seeds.length)]!.extension : seed.extension
  return { extension, bytes }
}

export { mutations, below, extremes }
