/** Timings as figures for machines and as a page for people. */
import os from 'node:os'
import type { IndexTimings } from './indexing.ts'
import type { Ratio } from './interleave.ts'
import type { LoadingTimings } from './loading.ts'
import type { PrecisionQuality } from './precision.ts'
import type { RefineTiming } from './refining.ts'
import type { StepTimings } from './steps.ts'

export interface Measured {
  date: string
  cpu: { model: string; cores: number; bfloat16: boolean }
  tensorflow: string
  torch: string | null
  /** The first is what teaching uses, the second what refining uses. */
  steps: StepTimings[]
  precision: PrecisionQuality | null
  loading: LoadingTimings
  indexing: IndexTimings
  refining: RefineTiming[]
  /** Milliseconds from starting Electron to the first painted window; null where it was not measured. */
  startMs: number | null
}

/** Ratios are our time divided by the peer's; null where not measured. */
export interface PerformanceFigures {
  stepRatioF32: number | null
  stepRatioBf16: number | null
  applyRatioF32: number | null
  applyRatioBf16: number | null
  /** PSNR after the same teaching in bfloat16, minus that in float32, in dB. */
  bf16PsnrDifference: number | null
  loaderWaitShare: number
  refine100MpRssMiB: number | null
  indexRatio: number
  startMs: number | null
}

export function figuresOf({
  steps,
  precision,
  loading,
  indexing,
  refining,
  startMs,
}: Measured): PerformanceFigures {
  const [taught, applied = taught] = steps
  const median = (ratio: Ratio | null | undefined): number | null => (ratio ? rounded(ratio.median, 3) : null)
  return {
    stepRatioF32: median(taught?.stepF32),
    stepRatioBf16: median(taught?.stepBf16),
    applyRatioF32: median(applied?.applyF32),
    applyRatioBf16: median(applied?.applyBf16),
    bf16PsnrDifference: precision && rounded(precision.psnr.bfloat16 - precision.psnr.float32, 3),
    loaderWaitShare: rounded(loading.waitShare, 4),
    refine100MpRssMiB: refining.find(({ megapixels }) => megapixels === 100)?.peakRssMiB ?? null,
    indexRatio: rounded(indexing.ratio.median, 3),
    startMs,
  }
}

export function performancePage(measured: Measured): string {
  const { cpu, steps, precision, loading, indexing, refining, startMs, torch, tensorflow, date } = measured
  const lines = [
    '# How fast it is',
    '',
    'Made by `npm run bench`; run it to get the figures of your machine. Candidates take turns in one run, and ratios',
    'are taken turn by turn, because the speed of shared machines drifts: the middle of all turns, and their spread.',
    'A ratio is our time divided by the other’s: below 1 we are faster.',
    '',
    `${date}: ${cpu.model}, ${cpu.cores} cores${cpu.bfloat16 ? ' with bfloat16' : ''}, ${os.type()}, TensorFlow ${tensorflow}` +
      `${torch ? `, PyTorch ${torch} (channels_last, the same net and step, the same threads)` : ''}.`,
    '',
    '## Learning and applying: the any-size net',
    '',
    '| one batch | ours | ms (least, middle, most) |',
    '| --- | --- | --- |',
    ...steps.flatMap(({ batch, side, timings }) =>
      timings.map(
        ({ name, least, median, most }) =>
          `| ${batch} x ${side} x ${side} | ${name} | ${least.toFixed(1)}, ${median.toFixed(1)}, ${most.toFixed(1)} |`,
      ),
    ),
    '',
    '| one batch | what | ratio | spread |',
    '| --- | --- | --- | --- |',
    ...steps.flatMap((timings) => ratioRows(timings)),
    '',
    ...(precision
      ? [
          `Quality: after the same ${precision.steps} steps on the same pictures, held-out PSNR was ` +
            `${precision.psnr.float32.toFixed(3)} dB in float32 and ${precision.psnr.bfloat16.toFixed(3)} dB in bfloat16.`,
          '',
        ]
      : []),
    '## Reading pictures beside the learning',
    '',
    `Photographs of 1500 x 1000 from a folder three times as large as the memory budget, read while ${loading.steps} steps ran.`,
    '',
    `- Time in which no step ran (drawing patches, moving the window, waiting): **${percent(loading.waitShare)}**.`,
    `- A step while pictures are read beside it against one without: ${range(loading.stepBesideReading)}.`,
    `- Reading a picture at three scales against decoding it once with sharp alone: ${range(loading.readToSharp)}.`,
    '',
    '## Indexing',
    '',
    `${indexing.files} files in ${indexing.seconds.toFixed(0)} s; against sharp’s own metadata and thumbnail calls: ${range(indexing.ratio)}.`,
    '',
    '## Refining, from file to file',
    '',
    'The command line in a process of its own, PNG to PNG, with starting, decoding and encoding.',
    '',
    '| megapixels | steps | seconds | megapixels a second and step | most memory, MiB |',
    '| --- | --- | --- | --- | --- |',
    ...refining.map(
      ({ megapixels, steps: count, seconds, megapixelsPerSecond, peakRssMiB }) =>
        `| ${megapixels} | ${count} | ${seconds.toFixed(1)} | ${megapixelsPerSecond.toFixed(2)} | ${peakRssMiB?.toFixed(0) ?? 'not measured'} |`,
    ),
    '',
    '## Starting',
    '',
    startMs === null
      ? 'Not measured.'
      : `${startMs} ms from starting Electron to the first window that can be used (the fastest of three).`,
    '',
    '## What is slow',
    '',
    ...slow(measured).map((line) => `- ${line}`),
    '',
  ]
  return lines.join('\n')
}

function ratioRows(timings: StepTimings): string[] {
  const rows: [string, Ratio | null][] = [
    ['step, float32 to PyTorch float32', timings.stepF32],
    ['step, bfloat16 to PyTorch float32', timings.stepBf16],
    ['step, bfloat16 to PyTorch bfloat16', timings.stepBf16ToBf16],
    ['step, compiled to eager tfjs', timings.stepToEager],
    ['apply, float32 to PyTorch float32', timings.applyF32],
    ['apply, bfloat16 to PyTorch float32', timings.applyBf16],
    ['apply, bfloat16 to PyTorch bfloat16', timings.applyBf16ToBf16],
  ]
  return rows.flatMap(([what, ratio]) =>
    ratio
      ? [
          `| ${timings.batch} x ${timings.side} x ${timings.side} | ${what} | **${ratio.median.toFixed(2)}** | ${ratio.least.toFixed(2)} to ${ratio.most.toFixed(2)} |`,
        ]
      : [],
  )
}

function slow({ steps, refining, cpu }: Measured): string[] {
  const out: string[] = []
  for (const { batch, side, applyF32, applyBf16ToBf16 } of steps) {
    const size = `${batch} x ${side} x ${side}`
    if (applyF32 && applyF32.median > 1) {
      out.push(
        `Applying the net in float32 to ${size} is ${applyF32.median.toFixed(2)} times PyTorch’s time.`,
      )
    }
    if (applyBf16ToBf16 && applyBf16ToBf16.median > 1) {
      out.push(
        `Both in bfloat16, applying it to ${size} is ${applyBf16ToBf16.median.toFixed(2)} times PyTorch’s time.`,
      )
    }
  }
  const large = refining.at(-1)
  if (large) {
    const minutes = (large.seconds / large.steps / 60).toFixed(1)
    out.push(
      `${large.megapixels} megapixels take about ${minutes} minutes a step here: halos make tiles overlap, and the numbers live on the disk.`,
    )
  }
  if (!cpu.bfloat16) out.push('This processor has no bfloat16, which about halves the time of a step.')
  out.push('The first step of a model takes a few hundred milliseconds more: its graph is made then.')
  return out
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const range = ({ median, least, most }: Ratio): string =>
  `**${median.toFixed(2)}** (${least.toFixed(2)} to ${most.toFixed(2)})`
