/** Walks of many small pictures at once, for the experiments. */
import type { WalkOptions } from '../../../shared/domain.ts'
import type { PictureBatch } from '../generators/generator.ts'
import { gaussianGenerator } from '../learning/noise.ts'
import type { Denoiser } from '../models/denoiser.ts'
import { wholeImageSize } from '../nets/whole-image.ts'
import { walk } from '../walking/walk.ts'

export type BatchWalk = Pick<WalkOptions, 'schedule' | 'steps' | 'alpha' | 'addNoise' | 'churn'> & {
  sigma: number
  seed: number
}

/** r(x) for a batch of the model's own size. */
export function estimateBatch(model: Denoiser, x: PictureBatch, sigma: number): PictureBatch {
  const values = x.width * x.height * x.channels
  const count = x.data.length / values
  const data = new Float32Array(x.data.length)
  for (let first = 0; first < count; first += 200) {
    const some = Math.min(200, count - first)
    const part = x.data.subarray(first * values, (first + some) * values)
    const sigmas = new Float32Array(some).fill(sigma)
    data.set(model.estimate(part, [some, x.height, x.width], sigmas), first * values)
  }
  return { ...x, data }
}

/**
 * All pictures of a batch, walked together.
 * @param onStep the pictures after a step, of the same size as they came
 * @returns the last, clipped to 0..1
 */
export async function walkBatch(
  model: Denoiser,
  start: PictureBatch,
  options: BatchWalk,
  onStep?: (index: number, pictures: PictureBatch) => void,
): Promise<PictureBatch> {
  const own = model.card.size
  if (!own) throw new Error('a batch is walked by a whole-image model')
  const inside = recentred(start, wholeImageSize(own.width, own.height))
  let last = inside
  const estimate = (x: Float32Array, sigma: number): Promise<Float32Array> =>
    Promise.resolve(estimateBatch(model, { ...inside, data: x }, sigma).data)
  for await (const { step, x } of walk(inside.data, estimate, options, gaussianGenerator(options.seed))) {
    last = { ...inside, data: x }
    onStep?.(step.index, recentred(last, start))
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const data = recentred(last, start).data.map((value) => Math.min(1, Math.max(0, value)))
  return { ...start, data }
}

/** The same pictures with edges cut off, or with black edges added, evenly on all sides. */
export function recentred(batch: PictureBatch, size: { width: number; height: number }): PictureBatch {
  const { width, height, channels, data } = batch
  const [dx, dy] = [Math.floor((size.width - width) / 2), Math.floor((size.height - height) / 2)]
  if (dx === 0 && dy === 0 && size.width === width && size.height === height) return batch
  const count = data.length / (width * height * channels)
  const out = new Float32Array(count * size.width * size.height * channels)
  const [x0, x1] = [Math.max(0, dx), Math.min(size.width, width + dx)]
  for (let index = 0; index < count; index++) {
    for (let y = Math.max(0, dy); y < Math.min(size.height, height + dy); y++) {
      const from = ((index * height + y - dy) * width + x0 - dx) * channels
      const to = ((index * size.height + y) * size.width + x0) * channels
      out.set(data.subarray(from, from + (x1 - x0) * channels), to)
    }
  }
  return { width: size.width, height: size.height, channels, data: out }
}
