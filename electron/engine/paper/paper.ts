/** `uphill paper`: the theory and both experiments of arXiv 1708.08487, made again, with figures and pictures. */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { LossName } from '../../../shared/domain.ts'
import { UphillError, throwIfCancelled } from '../../../shared/errors.ts'
import { writeFileAtomic } from '../files/atomic.ts'
import { frechetDistance } from '../measuring/frechet.ts'
import { loadTensorflow } from '../tensor/backend.ts'
import { registerNativeGradients } from '../tensor/ops.ts'
import { type PaperData, readDigits } from './digits.ts'
import { readEmoji } from './emoji.ts'
import {
  Bench,
  type Experiment,
  type Scale,
  type Scored,
  colourScale,
  fullScale,
  quickScale,
  runExperiment,
} from './experiment.ts'
import { type Made, type PaperResults, type SetResults, paperPage } from './report.ts'
import { Mixture, type ScoreCheck, checkScore } from './score.ts'
import { firstOf, scoreField, sheetOf } from './sheets.ts'

export interface PaperOptions {
  /** Where the report goes; files of an earlier report are replaced. */
  out: string
  /** Teaching of each denoiser: CPU minutes divided by the number of cores. */
  minutes: number
  losses: readonly LossName[]
  /** `emoji`, which npm fetches, alone: added to the digits' earlier report in the same folder. */
  pictures: 'digits' | 'emoji' | 'both'
  /** A few steps of everything, to see whether it works: the figures mean nothing. */
  quick?: boolean
}

export interface PaperRun {
  signal?: AbortSignal | undefined
  onProgress?: ((what: string, share: number) => void) | undefined
}

type Save = (name: string, data: Uint8Array | string) => Promise<void>
type Say = (what: string, share: number) => void

/** @throws UphillError FILE_NOT_FOUND without the digits or the emoji, CANCELLED, DISK_FULL, NOT_WRITABLE */
export async function runPaper(options: PaperOptions, run: PaperRun = {}): Promise<PaperResults> {
  const { out, quick = false, pictures } = options
  const earlier = pictures === 'emoji' ? await earlierResults(out) : null
  await loadTensorflow()
  registerNativeGradients()
  await fs.mkdir(out, { recursive: true })
  const save: Save = (name, data) => writeFileAtomic(path.join(out, name), data, { whenExists: 'replace' })
  const say: Say = (what, share) => {
    throwIfCancelled(run.signal)
    run.onProgress?.(what, share)
  }
  /** A part of the progress. */
  const within =
    (from: number, to: number): Say =>
    (what, share) =>
      say(what, from + (to - from) * share)
  // Fetched first: without them the hours after it would be for nothing.
  say('the pictures', 0)
  const emoji =
    pictures !== 'digits'
      ? await readEmoji({
          signal: run.signal,
          onProgress: (share) => say('the pictures', 0.02 * share),
        })
      : null
  const made: Made = {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: os.cpus()[0]?.model ?? 'unknown', cores: os.availableParallelism() },
  }
  const report = earlier ?? {
    ...made,
    score: await theory(quick, run.signal, {
      say: () => say('the theory', 0.02),
      figure: (png) => save('score.png', png),
    }),
  }
  /** After every experiment, so that hours of work are not lost with what comes after. */
  const write = async (digits: SetResults, inColour: SetResults | null): Promise<PaperResults> => {
    const results = { ...report, ...digits, colour: inColour && { ...inColour, ...made } }
    await save('results.json', `${JSON.stringify(results, null, 2)}\n`)
    await save('README.md', paperPage(results))
    return results
  }
  const parts = { options, save, signal: run.signal }
  const digitsEnd = emoji ? 0.5 : 0.99
  const digits =
    earlier ??
    (await onPictures(readDigits(), quick ? quickScale : fullScale, {
      ...parts,
      say: within(0.1, digitsEnd),
      onResults: (soFar) => write(soFar, null),
    }))
  const colourful = emoji
    ? await onPictures(emoji, quick ? quickScale : colourScale, {
        ...parts,
        say: within(earlier ? 0.1 : digitsEnd, 0.99),
        onResults: (soFar) => write(digits, soFar),
      })
    : null
  return write(digits, colourful)
}

/** What an earlier run has written of the theory and the digits. */
async function earlierResults(out: string): Promise<PaperResults> {
  try {
    return JSON.parse(await fs.readFile(path.join(out, 'results.json'), 'utf8')) as PaperResults
  } catch (error) {
    throw new UphillError(
      'FILE_NOT_FOUND',
      `There is no report of the digits in ${out} to add the emoji to.`,
      'Make it first, with --pictures digits, or make both at once.',
      { cause: error },
    )
  }
}

/** Both experiments on one set of pictures, with every loss. */
async function onPictures(
  data: PaperData,
  scale: Scale,
  parts: {
    options: PaperOptions
    save: Save
    say: Say
    signal: AbortSignal | undefined
    onResults: (soFar: SetResults) => Promise<unknown>
  },
): Promise<SetResults> {
  const { options, save, say, signal, onResults } = parts
  const { minutes, losses, quick = false } = options
  say(`${data.name}: a classifier and two generators`, 0)
  const bench = await Bench.make(data, scale, signal)
  const experiments: Experiment[] = []
  const work = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-paper-'))
  try {
    for (const [index, loss] of losses.entries()) {
      const share = (inside: number): number => 0.1 + (0.9 * (index + inside)) / losses.length
      const what = `${data.name}: teaching with ${loss}`
      say(what, share(0))
      const plan = { folder: work, minutes, steps: quick ? 5 : undefined }
      const experiment = await runExperiment(bench, loss, plan, {
        signal,
        onEvent: (event) => {
          if (event.type === 'progress') say(what, share(0.8 * event.progress.share))
        },
      })
      experiments.push(experiment)
      await savePictures(bench, experiment, save)
      await onResults(resultsOf(bench, experiments))
    }
  } finally {
    await fs.rm(work, { recursive: true, force: true })
  }
  const results = resultsOf(bench, experiments)
  bench.classifier.dispose()
  return results
}

/** In the plane and in 64 dimensions. */
async function theory(
  quick: boolean,
  signal: AbortSignal | undefined,
  to: { say: () => void; figure: (png: Buffer) => Promise<void> },
): Promise<PaperResults['score']> {
  to.say()
  const checks: ScoreCheck[] = []
  for (const [dimensions, sigma] of [
    [2, 0.08],
    [64, 0.1],
  ] as const) {
    const mixture = new Mixture(dimensions, 5, 0.04, 3)
    const steps = quick ? 50 : 3000
    const { check, denoisers } = await checkScore(mixture, { sigma, steps, seed: 1, points: 2000, signal })
    if (dimensions === 2) await to.figure(await scoreField(mixture, denoisers.bce, sigma))
    checks.push(check)
    denoisers.bce.dispose()
    denoisers.mse.dispose()
  }
  return {
    cosineBce: Math.min(...checks.map(({ cosine }) => cosine.bce)),
    cosineMse: Math.min(...checks.map(({ cosine }) => cosine.mse)),
    bceVsMse: Math.max(...checks.map(({ bceVsMse }) => bceVsMse)),
    checks,
  }
}

async function savePictures(
  bench: Bench,
  { loss, refined, dreamed, strip, nearest }: Experiment,
  save: Save,
): Promise<void> {
  const { name } = bench.data
  const shown = bench.data.taught.width > 32 ? 8 : 16
  for (const kind of ['vae', 'gan'] as const) {
    const rows = [0, 1, 2].flatMap((row) => [
      firstOf(bench.samples[kind], shown, row * shown),
      firstOf(refined[kind], shown, row * shown),
    ])
    await save(`${name}-${kind}-${loss}.png`, await sheetOf(rows, shown))
  }
  const across = strip[0]!.data.length / 6
  const walksAsRows = Array.from({ length: 6 }, (_, row) => {
    const data = new Float32Array(strip.length * across)
    strip.forEach((step, column) =>
      data.set(step.data.subarray(row * across, (row + 1) * across), column * across),
    )
    return { ...dreamed, data }
  })
  await save(`${name}-strips-${loss}.png`, await sheetOf(walksAsRows, strip.length))
  const many = Array.from({ length: 6 }, (_, row) => firstOf(dreamed, shown, row * shown))
  await save(`${name}-noise-${loss}.png`, await sheetOf(many, shown))
  await save(
    `${name}-nearest-${loss}.png`,
    await sheetOf([firstOf(dreamed, shown), firstOf(nearest.shown, shown)], shown),
  )
}

function resultsOf(bench: Bench, experiments: Experiment[]): SetResults {
  const first = experiments[0]!
  const taught = bench.classifier.run(bench.data.taught.data).features
  const truth = bench.classifier.run(bench.data.heldOut.data).features
  const before = { vae: bench.score(bench.samples.vae), gan: bench.score(bench.samples.gan) }
  const rounded = ({ fd, sure }: Scored): Scored => ({ fd: round(fd, 2), sure: round(sure, 3) })
  return {
    name: bench.data.name,
    taught: bench.data.taught.count,
    heldOut: bench.data.heldOut.count,
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
