/** The report of `uphill paper`, as a page. */
import type { LossName } from '../../../shared/domain.ts'
import type { GeneratorKind } from '../generators/generator.ts'
import type { Experiment, Scored } from './experiment.ts'
import type { ScoreCheck } from './score.ts'

/** What came out on one set of pictures. */
export interface SetResults {
  name: string
  taught: number
  heldOut: number
  /** Of the first loss: CPU seconds divided by the number of cores. */
  teachSeconds: number
  samples: number
  classifierAccuracy: number
  generatorSeconds: Record<GeneratorKind, number>
  /** Of the first loss. */
  fd: { floor: number; vae: number; vaeRefined: number; gan: number; ganRefined: number; noise: number }
  sure: { truth: number; vae: number; gan: number }
  controls: Record<GeneratorKind, Record<string, Scored>>
  experiments: {
    loss: LossName
    teachSeconds: number
    steps: number
    scores: Experiment['scores']
    controls: Experiment['controls']
    strengths: Experiment['strengths']
    psnr: Experiment['psnr']
    nearest: { samples: number; heldOut: number; copies: number }
  }[]
}

export interface Made {
  date: string
  machine: { cpu: string; cores: number }
}

/** The figures of the digits stand at the top, those of the emoji, which may be of another day, in `colour`. */
export interface PaperResults extends SetResults, Made {
  score: { cosineBce: number; cosineMse: number; bceVsMse: number; checks: ScoreCheck[] }
  colour: (SetResults & Made) | null
}

export function paperPage(results: PaperResults): string {
  const { score, colour } = results
  return [
    '# The paper’s experiments, made again',
    '',
    'Creswell, Arulkumaran and Bharath, *On denoising autoencoders trained to minimise binary cross-entropy*',
    '(arXiv 1708.08487). Everything here is made by `npm run -s uphill -- paper --out docs/paper`, with fixed seeds;',
    `this is ${madeOn(results)}. Minutes of teaching are CPU time divided by the`,
    'number of cores, so that a busy machine gives the same figures.',
    '',
    '## A denoiser knows the score',
    '',
    'Mixtures of five Gaussians, whose smoothed density is known. Arrows are r(x) − x of a denoiser taught with',
    'binary cross-entropy; the grey is the density.',
    '',
    '![Arrows of r(x) − x point up the density everywhere](score.png)',
    '',
    '| dimensions | σ | cosine to the true score, BCE | MSE | difference of BCE and MSE | points raised in ten steps, BCE | MSE |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...score.checks.map(
      ({ dimensions, sigma, cosine, bceVsMse, raisedShare }) =>
        `| ${dimensions} | ${sigma} | ${cosine.bce.toFixed(4)} | ${cosine.mse.toFixed(4)} | ${percent(bceVsMse, 2)} | ${percent(raisedShare.bce)} | ${percent(raisedShare.mse)} |`,
    ),
    '',
    ...setPage(results, 'Digits'),
    ...(colour
      ? [
          '# The same in colour',
          '',
          'Google’s emoji at 64 × 64, from the npm package `emoji-datasource-google`; their category is the class. All skin',
          'tones of one emoji are taught or all are held out. There are few of them, and no two are alike, so the distances',
          `are larger than those of the digits; the floor says what taught pictures have. Made ${madeOn(colour)}.`,
          '',
          ...setPage(colour, 'Emoji'),
        ]
      : []),
  ].join('\n')
}

function setPage(results: SetResults, title: string): string[] {
  const { name, fd, sure, experiments, samples, classifierAccuracy, generatorSeconds } = results
  const [first] = experiments
  const fall = (before: number, after: number): string => {
    const share = Math.round(100 * (1 - after / before))
    return share < 0 ? `+${-share} %` : `−${share} %`
  }
  const count = (value: number): string => value.toLocaleString('en')
  return [
    `## ${title}: samples of other generators get better`,
    '',
    `A small VAE and a small GAN, taught for ${minutes(generatorSeconds.vae)} and ${minutes(generatorSeconds.gan)} minutes on ${count(results.taught)} ${name};`,
    `${samples} samples of each. Fréchet distance (FD) to ${count(results.heldOut)} held-out ${name} on the 64 features of a classifier`,
    `that is right on ${percent(classifierAccuracy)} of them (taught ${name} against held-out ones: ${fd.floor}); “sure” is the share`,
    `that the classifier is more than 0.9 sure of (held-out ${name}: ${percent(sure.truth)}).`,
    '',
    '| | VAE, FD | sure | GAN, FD | sure |',
    '| --- | --- | --- | --- | --- |',
    `| samples as they are | ${fd.vae} | ${percent(sure.vae)} | ${fd.gan} | ${percent(sure.gan)} |`,
    ...experiments.map(
      ({ loss, scores, teachSeconds, steps }) =>
        `| **walked uphill**, ${loss.toUpperCase()}, ${minutes(teachSeconds)} min, ${steps} steps | **${scores.vae.fd}** (${fall(fd.vae, scores.vae.fd)}) | ${percent(scores.vae.sure)} | **${scores.gan.fd}** (${fall(fd.gan, scores.gan.fd)}) | ${percent(scores.gan.sure)} |`,
    ),
    ...Object.keys(first?.controls.vae ?? {}).map((control) => {
      const [vae, gan] = [first!.controls.vae[control]!, first!.controls.gan[control]!]
      return `| control: ${control} | ${vae.fd.toFixed(1)} | ${percent(vae.sure)} | ${gan.fd.toFixed(1)} | ${percent(gan.sure)} |`
    }),
    '',
    ...generators.flatMap((kind) => (sure[kind] < 0.01 ? [...lostCause(kind), ''] : [])),
    'The strength is a choice: more noise to come down from gives likelier pictures that are less like the sample',
    '(moved: root mean square difference from it, on a scale of 0 to 1).',
    '',
    '| σ of the walk | VAE, FD | sure | moved | GAN, FD | sure | moved |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...experiments.flatMap(({ loss, strengths }) =>
      strengths.vae.map((vae, row) => {
        const gan = strengths.gan[row]!
        const cells = [vae, gan].map(
          ({ fd: of, sure: share, moved }) => `${of.toFixed(1)} | ${percent(share)} | ${moved.toFixed(2)}`,
        )
        return `| ${vae.sigma}, ${loss.toUpperCase()} | ${cells.join(' | ')} |`
      }),
    ),
    '',
    ...experiments.flatMap(({ loss }) => [
      `VAE, ${loss.toUpperCase()}: samples, and below each what became of it.`,
      '',
      `![Samples of the VAE before and after](${name}-vae-${loss}.png)`,
      '',
      `GAN, ${loss.toUpperCase()}:`,
      '',
      `![Samples of the GAN before and after](${name}-gan-${loss}.png)`,
      '',
    ]),
    `## ${title}: new pictures from pure noise`,
    '',
    '| | FD | sure | distance to the nearest taught picture | held-out pictures have | nearer than any held-out picture |',
    '| --- | --- | --- | --- | --- | --- |',
    ...experiments.map(
      ({ loss, scores, nearest }) =>
        `| ${loss.toUpperCase()} | **${scores.noise.fd}** | ${percent(scores.noise.sure)} | ${nearest.samples.toFixed(3)} | ${nearest.heldOut.toFixed(3)} | ${percent(nearest.copies, 1)} |`,
    ),
    '',
    ...experiments.flatMap(({ loss }) => [
      `${loss.toUpperCase()}: six walks from noise, samples, and samples above their nearest taught pictures.`,
      '',
      `![Walks from noise](${name}-strips-${loss}.png)`,
      '',
      `![Samples from noise](${name}-noise-${loss}.png)`,
      '',
      `![Samples and their nearest taught pictures](${name}-nearest-${loss}.png)`,
      '',
    ]),
    `## ${title}: denoising pictures it has never seen`,
    '',
    `Mean PSNR in dB of ${Math.min(200, results.heldOut)} held-out ${name}; noisy values are clipped as a file would hold them.`,
    '',
    `| σ | noisy | ${experiments.map(({ loss }) => `one pass, ${loss.toUpperCase()}`).join(' | ')} |`,
    `| --- | --- | ${experiments.map(() => '---').join(' | ')} |`,
    ...(first?.psnr ?? []).map(
      ({ sigma, noisy }, row) =>
        `| ${sigma} | ${noisy.toFixed(2)} | ${experiments.map(({ psnr }) => psnr[row]!.denoised.toFixed(2)).join(' | ')} |`,
    ),
    '',
  ]
}

const generators = ['vae', 'gan'] as const

const madeOn = ({ date, machine }: Made): string => `${date} on ${machine.cpu}, ${machine.cores} cores`

/** A walk keeps what is in a sample: where nothing can be recognised, there is nothing to keep. */
function lostCause(kind: (typeof generators)[number]): string[] {
  return [
    `The classifier is sure of none of the samples of the ${kind.toUpperCase()} as they are: it has not learned these pictures in so short`,
    'a time, and walks that stay near such samples cannot save them.',
  ]
}

const percent = (share: number, digits = 0): string => `${(100 * share).toFixed(digits)} %`
const minutes = (seconds: number): string => (seconds / 60).toFixed(seconds < 120 ? 1 : 0)
