/**
 * Small generators of small pictures, to have something to refine: a variational autoencoder (Kingma & Welling 2014)
 * whose samples are blurry, and a generative adversarial net (Goodfellow et al. 2014; Radford et al. 2016) whose
 * strokes are broken. They are taught for a minute, on purpose: how good they become is not the point.
 */
import { throwIfCancelled } from '../../../shared/errors.ts'
import type { AdamStep } from '../learning/adam-step.ts'
import { gaussianGenerator, uniformGenerator } from '../learning/noise.ts'
import type { NamedArray } from '../models/safetensors.ts'
import { type Tensor, type Tensor4D, loadTensorflow, tensorflow } from '../tensor/backend.ts'
import { CompiledFunction } from '../tensor/compile.ts'
import { registerNativeGradients } from '../tensor/ops.ts'
import { ganRecipe } from './gan.ts'
import { vaeRecipe } from './vae.ts'

export type GeneratorKind = 'vae' | 'gan'

/** Pictures of one size, one after the other: HWC, 0..1. */
export interface PictureBatch {
  width: number
  height: number
  channels: 1 | 3
  data: Float32Array
}

/** What a kind of generator is made of. */
export interface GeneratorRecipe {
  /** Numbers that a sample is made from. */
  latent: number
  batch: number
  epochs: number
  initial: (seed: number) => NamedArray[]
  /** The first argument is a batch of pictures, the second a seed of two int32. */
  step: (weights: NamedArray[], args: Tensor[]) => AdamStep
  rate: (share: number) => number
  /** z [b, 1, 1, latent] -> pictures [b, height, width, channels] in 0..1 */
  sample: (weights: Tensor[], z: Tensor4D) => Tensor
}

export interface GenerateRun {
  signal?: AbortSignal | undefined
  onProgress?: ((share: number, secondsLeft: number | null) => void) | undefined
}

/** Sides that generators can make: multiples of 8 (the nets halve three times). */
export function generatorSize(width: number, height: number): { width: number; height: number } {
  const up = (side: number): number => Math.max(16, Math.ceil(side / 8) * 8)
  return { width: up(width), height: up(height) }
}

/**
 * Teaches a generator and draws samples from it.
 * @param pictures to learn from; sides as generatorSize gives them
 * @param options.epochs how often each picture is seen; default 12 for both kinds
 * @returns `count` samples; the same seed gives the same ones
 * @throws UphillError CANCELLED, NATIVE_MISSING
 */
export async function generate(
  pictures: PictureBatch,
  options: { kind: GeneratorKind; count: number; seed: number; epochs?: number | undefined },
  run: GenerateRun = {},
): Promise<PictureBatch> {
  await loadTensorflow()
  registerNativeGradients()
  const tf = tensorflow()
  const { width, height, channels } = pictures
  const recipe = (options.kind === 'vae' ? vaeRecipe : ganRecipe)({ width, height, channels })
  const weights = await teach(recipe, pictures, options, run)
  const state = weights.map(({ data, shape }) => tf.tensor(data, shape))
  const example = [tf.zeros([recipe.batch, 1, 1, recipe.latent])]
  const sampler = new CompiledFunction((w, [z]) => ({ outputs: [recipe.sample(w, z as Tensor4D)] }), {
    state,
    args: example,
    frozen: true,
  })
  tf.dispose([...state, ...example])
  const values = width * height * channels
  const data = new Float32Array(options.count * values)
  const normal = gaussianGenerator(options.seed)
  const { batch, latent } = recipe
  for (let first = 0; first < options.count; first += batch) {
    throwIfCancelled(run.signal)
    const z = tf.tensor(Float32Array.from({ length: batch * latent }, normal), [batch, 1, 1, latent])
    const [samples] = sampler.run([z])
    const wanted = Math.min(batch, options.count - first)
    data.set(samples!.dataSync().subarray(0, wanted * values), first * values)
    tf.dispose([z, samples!])
  }
  sampler.dispose()
  return { width, height, channels, data }
}

async function teach(
  recipe: GeneratorRecipe,
  { width, height, channels, data }: PictureBatch,
  { seed, epochs = recipe.epochs }: { seed: number; epochs?: number | undefined },
  { signal, onProgress }: GenerateRun,
): Promise<NamedArray[]> {
  const tf = tensorflow()
  const values = width * height * channels
  const count = data.length / values
  const shape = [recipe.batch, height, width, channels]
  const examples = [tf.zeros(shape), tf.tensor1d([1, 2], 'int32')]
  const step = recipe.step(recipe.initial(seed), examples)
  tf.dispose(examples)
  try {
    const steps = Math.ceil((epochs * count) / recipe.batch)
    const start = performance.now()
    for (let index = 0; index < steps; index++) {
      throwIfCancelled(signal)
      const random = uniformGenerator(seed, index)
      const x = new Float32Array(recipe.batch * values)
      for (let row = 0; row < recipe.batch; row++) {
        const from = Math.floor(random() * count) * values
        x.set(data.subarray(from, from + values), row * values)
      }
      const args = [tf.tensor(x, shape), tf.tensor1d([seed | 0, index], 'int32')]
      step.run(args, recipe.rate(index / steps))
      tf.dispose(args)
      if (index % 4 !== 0) continue
      const share = (index + 1) / steps
      onProgress?.(share, ((performance.now() - start) / 1000 / share) * (1 - share))
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    return step.weights()
  } finally {
    step.dispose()
  }
}
