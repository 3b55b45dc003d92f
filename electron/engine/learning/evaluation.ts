/** How well a model does on pictures it was never taught with, while it learns. */
import { type TeachPreview, heldOutSigma } from '../../../shared/domain.ts'
import { showPixels } from '../images/encode.ts'
import type { Denoiser } from '../models/denoiser.ts'
import { psnrOf } from '../measuring/quality.ts'
import { gaussianGenerator } from './noise.ts'
import type { PictureSet } from './pictures.ts'

interface Example {
  width: number
  height: number
  clean: Float32Array
  noisy: Float32Array
}

const previewRows = 4

export class Evaluation {
  readonly #channels: 1 | 3
  readonly #examples: Example[]
  /** Mean PSNR in dB of the noisy pictures themselves, their values clipped to 0..1 as a file would hold them. */
  readonly psnrNoisy: number

  constructor(set: PictureSet, channels: 1 | 3, seed: number) {
    this.#channels = channels
    const normal = gaussianGenerator(seed ^ 0x5eed)
    this.#examples = set.heldOut.map(({ width, height, data }) => {
      const clean = Float32Array.from(data, (value) => value / 255)
      const noisy = clean.map((value) => value + heldOutSigma * normal())
      return { width, height, clean, noisy }
    })
    this.psnrNoisy = mean(this.#examples.map(({ clean, noisy }) => psnrOf(clipped(noisy), clean)))
  }

  /** Mean PSNR in dB over the held-out pictures at heldOutSigma. */
  psnr(model: Denoiser): number {
    return mean(
      this.#examples.map((example) => psnrOf(clipped(this.#estimate(model, example)), example.clean)),
    )
  }

  async preview(model: Denoiser): Promise<TeachPreview> {
    const rows = this.#examples.slice(0, previewRows).map(async (example) => {
      const show = (data: Float32Array) =>
        showPixels(
          {
            width: example.width,
            height: example.height,
            channels: this.#channels,
            data,
            alpha: null,
            bitDepth: 8,
            icc: null,
          },
          512,
        )
      const denoised = this.#estimate(model, example)
      return {
        noisy: await show(example.noisy),
        denoised: await show(denoised),
        truth: await show(example.clean),
      }
    })
    return { sigma: heldOutSigma, rows: await Promise.all(rows) }
  }

  #estimate(model: Denoiser, { noisy, width, height }: Example): Float32Array {
    return model.estimate(noisy, [1, height, width], Float32Array.of(heldOutSigma))
  }
}

function clipped(values: Float32Array): Float32Array {
  return values.map((value) => Math.min(1, Math.max(0, value)))
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length
}
