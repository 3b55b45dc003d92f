/**
 * Ways of teaching the any-size net against each other, for docs/quality-tried.md: each learns for the same CPU time
 * from the same photographs, and is measured on the crops of data.py.
 * Run by try.mjs. Each row: the way, its steps, PSNR at sigma 15, 25 and 50.
 * Seconds are CPU time of steps and batches divided by the number of cores; measuring does not count.
 */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { indexFolder } from '../../../electron/engine/datasets/index-folder.ts'
import { uniformGenerator } from '../../../electron/engine/learning/noise.ts'
import { PictureSet } from '../../../electron/engine/learning/pictures.ts'
import { learningRate } from '../../../electron/engine/learning/schedule.ts'
import { processorClock } from '../../../electron/engine/learning/teach.ts'
import { TrainingStep, initialState } from '../../../electron/engine/learning/training-step.ts'
import { psnrOf } from '../../../electron/engine/measuring/quality.ts'
import { Denoiser } from '../../../electron/engine/models/denoiser.ts'
import { anySizeNet, measureScale } from '../../../electron/engine/nets/any-size.ts'
import type { Net } from '../../../electron/engine/nets/net.ts'
import { crossEntropyByPatch, squaredErrorByPatch } from '../../../electron/engine/nets/patch-loss.ts'
import { type Tensor4D, loadTensorflow, tensorflow } from '../../../electron/engine/tensor/backend.ts'
import { registerNativeGradients } from '../../../electron/engine/tensor/ops.ts'
import type { LossName, ModelCard } from '../../../shared/domain.ts'

interface Way {
  loss: LossName
  batch: number
  side: number
  /** The plain mean of the loss instead of that of its logarithm by patch. */
  plain?: boolean
  bfloat16?: boolean
  rate?: (share: number) => number
  /** Noise instead of the usual mixture. */
  sigma?: (random: number) => number
}

const base: Way = { loss: 'bce', batch: 8, side: 64, bfloat16: true }
const ways: Record<string, Way> = {
  'as-it-is': base,
  plain: { ...base, plain: true },
  mse: { ...base, loss: 'mse' },
  'plain-mse': { ...base, loss: 'mse', plain: true },
  'batch-4': { ...base, batch: 4 },
  'side-96': { ...base, batch: 4, side: 96 },
  'to-zero': { ...base, rate: (share) => Math.max(1e-4, (learningRate(share) - 0.01) / 0.99) },
  'linear-down': { ...base, rate: (share) => Math.min(0.1 + 9 * share, (1 - share) / 0.9) },
  'rate-1.5': { ...base, rate: (share) => 1.5 * learningRate(share) },
  'rate-0.7': { ...base, rate: (share) => 0.7 * learningRate(share) },
  'sigma-5-60': { ...base, sigma: (random) => (5 + 55 * random) / 255 },
  'sigma-10-55': { ...base, sigma: (random) => (10 + 45 * random) / 255 },
  float32: { ...base, bfloat16: false },
}

const [folder = '', words = '', ...names] = process.argv.slice(2)
const seconds = Number(words)
const channels = 3
const net = anySizeNet(channels)
const card = { kind: 'any-size', channels, size: null, name: 'trial' } as unknown as ModelCard
await loadTensorflow()
registerNativeGradients()
const tf = tensorflow()
const dataset = await indexFolder(path.join(folder, 'taught'))
const read = async (file: string): Promise<Float32Array> =>
  new Float32Array(new Uint8Array(await fs.readFile(path.join(folder, 'test', file))).buffer)
const crops = (await fs.readdir(path.join(folder, 'test'))).filter((name) => /^[^.]*\.f32$/.test(name)).sort()

function netOf({ plain }: Way): Net {
  if (!plain) return net
  return {
    ...net,
    loss: (weights, noisy, clean, sigma, loss) => {
      const byPatch = loss === 'bce' ? crossEntropyByPatch : squaredErrorByPatch
      const { mean } = byPatch(net.denoise(weights, noisy, sigma), clean)
      return { mean, objective: tf.mul(mean, loss === 'bce' ? 4 : 30) }
    },
  }
}

async function teach(way: Way): Promise<{ model: Denoiser; steps: number }> {
  const { batch, side, loss, bfloat16 = false, rate = learningRate, sigma } = way
  const options = { channels, width: side, height: side, seed: 1, kind: 'any-size', plan: 'timed' } as const
  const set = await PictureSet.load(dataset, options)
  const patches = tf.tensor4d(set.sample(64), [64, side, side, channels]) as Tensor4D
  const scale = new Float32Array(measureScale(patches, channels).dataSync())
  const state = initialState(net, 1, { scale })
  const step = new TrainingStep({ net: netOf(way), loss, batch, width: side, height: side, bfloat16 }, state)
  step.run(set.batch(0, batch), 0, 0, [1, 0])
  const start = processorClock.now()
  let steps = 0
  for (;;) {
    const share = (processorClock.now() - start) / 1000 / seconds
    if (share >= 1) break
    const drawn = set.batch(steps, batch)
    const random = uniformGenerator(2, steps)
    if (sigma) for (let i = 0; i < batch; i++) drawn.sigmas[i] = sigma(random())
    step.run(drawn, steps, rate(share), [1, steps])
    steps++
    if (steps % 8 === 0) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const precision = bfloat16 ? 'bfloat16' : 'float32'
  const model = await Denoiser.load(card, step.averages(), { precision })
  step.dispose()
  return { model, steps }
}

for (const name of names.length > 0 ? names : Object.keys(ways)) {
  const { model, steps } = await teach(ways[name]!)
  const scores: number[] = []
  for (const sigma of [15, 25, 50]) {
    let sum = 0
    for (const crop of crops) {
      const clean = await read(crop)
      const noisy = await read(crop.replace('.f32', `.${sigma}.f32`))
      const out = model.estimate(noisy, [1, 256, 256], Float32Array.of(0.1))
      sum += psnrOf(
        out.map((value) => Math.min(1, Math.max(0, value))),
        clean,
      )
    }
    scores.push(sum / crops.length)
  }
  model.dispose()
  console.log(`| ${name} | ${steps} | ${scores.map((psnr) => psnr.toFixed(2)).join(' | ')} |`)
}
console.log(`${seconds} s, ${os.availableParallelism()} cores, ${os.cpus()[0]?.model}`)
process.exit(0)
