/** `uphill paper`: the theory and both experiments of arXiv 1708.08487, made again, with figures and pictures. */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { LossName } from '../../../shared/domain.ts'
import { throwIfCancelled } from '../../../shared/errors.ts'
import { writeFileAtomic } from '../files/atomic.ts'
import { frechetDistance } from '../measuring/frechet.ts'
import { loadTensorflow } from '../tensor/backend.ts'
import { registerNativeGradients } from '../tensor/ops.ts'
import { readDigits } from './digits.ts'
import { Bench, type Experiment, type Scored, fullScale, quickScale, runExperiment } from './experiment.ts'
import { type PaperResults, paperPage } from './report.ts'
import { Mixture, type ScoreCheck, checkScore } from './score.ts'
import { firstOf, scoreField, sheetOf } from './sheets.ts'

export interface PaperOptions {
  /** Where the report goes; files of an earlier report are replaced. */
  out: string
  /** Teaching of each denoiser: CPU minutes divided by the number of cores. */
  minutes: number
  losses: readonly LossName[]
  /** A few steps of everything, to see whether it works: the figures mean nothing. */
  quick?: boolean
}

export interface PaperRun {
  signal?: AbortSignal | undefined
  onProgress?: ((what: string, share: number) => void) | undefined
}

/** @throws UphillError FILE_NOT_FOUND without the digits, CANCELLED, DISK_FULL, NOT_WRITABLE */
export async function runPaper(options: PaperOptions, run: PaperRun = {}): Promise<PaperResults> {
  const { out, minutes, losses, quick = false } = options
  await loadTensorflow()
  registerNativeGradients()
  await fs.mkdir(out, { recursive: true })
  const save = (name: string, data: Uint8Array | string): Promise<void> =>
    writeFileAtomic(path.join(out, name), data, { whenExists: 'replace' })
  const say = (what: string, share: number): void => {
    throwIfCancelled(run.signal)
    run.onProgress?.(what, share)
  }
  say('the theory', 0)
  const checks = await theory(quick, run.signal, (figure) => save('score.png', figure))
  say('a classifier and two generators', 0.1)
  const bench = await Bench.make(readDigits(), quick ? quickScale : fullScale, run.signal)
  const experiments: Experiment[] = []
  const work = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-paper-'))
  try {
    for (const [index, loss] of losses.entries()) {
      const share = (inside: number): number => 0.2 + (0.75 * (index + inside)) / losses.length
      say(`teaching with ${loss}`, share(0))
      const plan = { folder: work, minutes, steps: quick ? 5 : undefined }
      const experiment = await runExperiment(bench, loss, plan, {
        signal: run.signal,
        onEvent: (event) => {
          if (event.type === 'progress')
            run.onProgress?.(`teaching with ${loss}`, share(0.8 * event.progress.share))
        },
      })
      experiments.push(experiment)
      await savePictures(bench, experiment, save)
    }
  } finally {
    await fs.rm(work, { recursive: true, force: true })
  }
  say('the report', 0.98)
  const results = resultsOf(bench, checks, experiments)
  await save('results.json', `${JSON.stringify(results, null, 2)}\n`)
  await save('README.md', paperPage(results))
  bench.classifier.dispose()
  return results
}

/** In the plane and in 64 dimensions. */
async function theory(
  quick: boolean,
  signal: AbortSignal | undefined,
  figure: (png: Buffer) => Promise<void>,
): Promise<ScoreCheck[]> {
  const checks: ScoreCheck[] = []
  for (const [dimensions, sigma] of [
    [2, 0.08],
    [64, 0.1],
  ] as const) {
    const mixture = new Mixture(dimensions, 5, 0.04, 3)
    const steps = quick ? 50 : 3000
    const { check, denoisers } = await checkScore(mixture, { sigma, steps, seed: 1, points: 2000, signal })
    if (dimensions === 2) await figure(await scoreField(mixture, denoisers.bce, sigma))
    checks.push(check)
    denoisers.bce.dispose()
    denoisers.mse.dispose()
  }
  return checks
}

async function savePictures(
  bench: Bench,
  { loss, refined, dreamed, strip, nearest }: Experiment,
  save: (name: string, data: Uint8Array) => Promise<void>,
): Promise<void> {
  const shown = 16
  for (const kind of ['vae', 'gan'] as const) {
    const rows = [0, 1, 2].flatMap((row) => [
      firstOf(bench.samples[kind], shown, row * shown),
      firstOf(refined[kind], shown, row * shown),
    ])
    await save(`${kind}-${loss}.png`, await sheetOf(rows, shown))
  }
  const across = strip[0]!.data.length / 6
  const walksAsRows = Array.from({ length: 6 }, (_, row) => {
    const data = new Float32Array(strip.length * across)
    strip.forEach((step, column) =>
      data.set(step.data.subarray(row * across, (row + 1) * across), column * across),
    )
    return { ...dreamed, data }
  })
  await save(`strips-${loss}.png`, await sheetOf(walksAsRows, strip.length))
  const many = Array.from({ length: 6 }, (_, row) => firstOf(dreamed, shown, row * shown))
  await save(`noise-${loss}.png`, await sheetOf(many, shown))
  await save(`nearest-${loss}.png`, await sheetOf([firstOf(dreamed, shown), nearest.shown], shown))
}

function resultsOf(bench: Bench, checks: ScoreCheck[], experiments: Experiment[]): PaperResults {
  const first = experiments[0]!
  const taught = bench.classifier.run(bench.data.taught.data).features
  const truth = bench.classifier.run(bench.data.heldOut.data).features
  const before = { vae: bench.score(bench.samples.vae), gan: bench.score(bench.samples.gan) }
  const rounded = ({ fd, sure }: Scored): Scored => ({ fd: round(fd, 2), sure: round(sure, 3) })
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: os.cpus()[0]?.model ?? 'unknown', cores: os.availableParallelism() },
    teachSeconds: Math.round(first.teachSeconds),
    samples: bench.scale.samples,
    classifierAccuracy: round(bench.accuracy, 4),
    generatorSeconds: bench.generatorSeconds,
    fd: {
      floor: round(frechetDistance(taught, truth), 2),
      vae: round(before.vae.fd, 2),
      vaeRefined: round(first.scores.vae.fd, 2),
      gan: round(before.gan.fd, 2),
      ganRefined: round(first.scores.gan.fd, 2),
      noise: round(first.scores.noise.fd, 2),
    },
    sure: {
      truth: round(bench.classifier.sureShare(bench.data.heldOut.data), 3),
      vae: before.vae.sure,
      gan: before.gan.sure,
    },
    controls: first.controls,
    score: {
      cosineBce: Math.min(...checks.map(({ cosine }) => cosine.bce)),
      cosineMse: Math.min(...checks.map(({ cosine }) => cosine.mse)),
      bceVsMse: Math.max(...checks.map(({ bceVsMse }) => bceVsMse)),
      checks,
    },
    experiments: experiments.map(
      ({ loss, teachSeconds, steps, scores, psnr, nearest, controls, strengths }) => ({
        loss,
        teachSeconds: Math.round(teachSeconds),
        steps,
        scores: { vae: rounded(scores.vae), gan: rounded(scores.gan), noise: rounded(scores.noise) },
        controls,
        strengths,
        psnr,
        nearest: { samples: nearest.samples, heldOut: nearest.heldOut, copies: nearest.copies },
      }),
    ),
  }
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
