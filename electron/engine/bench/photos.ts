/** Pictures for benchmarks: smooth shapes with grain, about as hard to decode as photographs. */
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { gaussianGenerator } from '../learning/noise.ts'

export interface PhotoOptions {
  count: number
  width: number
  height: number
  format: 'jpeg' | 'png'
}

/** Fills a new folder. @returns the paths */
export async function makePhotos(
  folder: string,
  { count, width, height, format }: PhotoOptions,
): Promise<string[]> {
  await fs.mkdir(folder, { recursive: true })
  const paths: string[] = []
  for (let index = 0; index < count; index++) {
    const file = path.join(folder, `${String(index).padStart(5, '0')}.${format === 'jpeg' ? 'jpg' : 'png'}`)
    const image = sharp(await photoSamples(index, width, height), { raw: { width, height, channels: 3 } })
    await (format === 'jpeg' ? image.jpeg({ quality: 90 }) : image.png({ compressionLevel: 2 })).toFile(file)
    paths.push(file)
  }
  return paths
}

/** Noise at four scales, each blown up to the whole size. */
async function photoSamples(seed: number, width: number, height: number): Promise<Buffer> {
  const normal = gaussianGenerator(seed + 1)
  const layer = async (cells: number): Promise<Buffer> => {
    const small = Uint8Array.from({ length: cells * cells * 3 }, () => 128 + 60 * normal())
    return sharp(small, { raw: { width: cells, height: cells, channels: 3 } })
      .resize(width, height, { fit: 'fill', kernel: 'cubic' })
      .raw()
      .toBuffer()
  }
  const layers = await Promise.all([4, 16, 64, 256].map(layer))
  const out = Buffer.alloc(width * height * 3)
  for (let i = 0; i < out.length; i++) {
    out[i] = 0.4 * layers[0]![i]! + 0.3 * layers[1]![i]! + 0.2 * layers[2]![i]! + 0.1 * layers[3]![i]!
  }
  return out
}
