import path from 'node:path'
import { Command, Option } from 'commander'
import { type ModelCard, type PictureProblem, teachOptions } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { indexFolder } from '../../engine/datasets/index-folder.ts'
import { planTeaching, presetSeconds } from '../../engine/learning/plan.ts'
import { type TeachRun, resumeTeaching, teach } from '../../engine/learning/teach.ts'
import type { ModelLibrary } from '../../engine/models/library.ts'
import { ownLibrary } from '../library.ts'
import {
  type OutputOptions,
  Terminal,
  cancelOnInterrupt,
  checked,
  counted,
  duration,
  exitCodes,
  numberOption,
} from '../terminal.ts'

interface TeachFlags extends OutputOptions {
  name?: string
  preset?: keyof typeof presetSeconds
  seconds?: number
  steps?: number
  kind: string
  loss: string
  seed?: number
  resume?: string
}

/** Of a folder full of what cannot be read, this many are named. */
const problemsShown = 10

export function teachCommand(): Command {
  return new Command('teach')
    .summary('learn from a folder of pictures')
    .description('Learn from a folder of pictures. The pictures are only read.')
    .argument('[folder]', 'a folder with pictures, looked through with all its subfolders')
    .option('--name <name>', 'the name of the model; default the name of the folder')
    .addOption(
      new Option('--preset <preset>', `how long to learn: ${presetWords()}; default quick`)
        .choices(Object.keys(presetSeconds))
        .conflicts('seconds'),
    )
    .option('--seconds <n>', 'learn for this long instead', numberOption)
    .option(
      '--steps <n>',
      'learn for this many steps instead: the same steps and seed give the same weights',
      numberOption,
    )
    .addOption(
      new Option('--kind <kind>', 'kind of model')
        .choices(['auto', 'whole-image', 'any-size'])
        .default('auto'),
    )
    .addOption(
      new Option('--loss <loss>', 'what is minimised; in any-size models, its logarithm by patch')
        .choices(['bce', 'mse'])
        .default('bce'),
    )
    .option('--seed <n>', 'seed of all randomness', numberOption)
    .addOption(
      new Option(
        '--resume <model>',
        'go on with this model (name or id) instead of starting a new one',
      ).conflicts(['name', 'steps', 'kind', 'loss', 'seed']),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ uphill teach ~/Pictures/scans --name Scans --preset good
  $ uphill teach --resume Scans --seconds 600
Ctrl-C stops and keeps what was learned; --resume goes on.`,
    )
    .action(async (folder: string | undefined, flags: TeachFlags) => {
      const terminal = new Terminal(flags)
      const signal = cancelOnInterrupt(() => {
        terminal.say('Stopping, and keeping what was learned. Ctrl-C once more ends at once.')
      })
      requireOneOf(folder, flags.resume)
      const library = ownLibrary()
      const taught: Taught = folder
        ? await start(library, folder, flags, terminal, signal)
        : { card: await resume(library, flags, terminal, signal), leftOut: [] }
      const { card, leftOut } = taught
      terminal.result(
        { ...summary(card), folder: path.join(library.folder, card.id), leftOut },
        inWords(card),
      )
      if (card.state !== 'finished') process.exitCode = exitCodes.cancelled
    })
}

interface Taught {
  card: ModelCard
  leftOut: PictureProblem[]
}

function requireOneOf(folder: string | undefined, resumed: string | undefined): void {
  if (folder !== undefined && resumed !== undefined) {
    throw new UphillError(
      'BAD_INPUT',
      'A model that goes on does so with the folder it began with.',
      'Leave out the folder, or --resume. See --help.',
    )
  }
  if (folder || resumed) return
  const next = 'Say: uphill teach <folder>. See --help.'
  throw new UphillError('BAD_INPUT', 'Which folder should the model learn from?', next)
}

async function start(
  library: ModelLibrary,
  folder: string,
  flags: TeachFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Taught> {
  // Before minutes of looking through a large folder.
  if (flags.name) await library.requireFreeName(flags.name.trim())
  const dataset = await indexFolder(folder, {
    signal,
    onProgress: ({ done, found }) =>
      terminal.progress('Looking', found > 0 ? done / found : null, `${done} of ${found} files`),
  })
  const plan = planTeaching(dataset)
  const options = checked(teachOptions, {
    folder: dataset.folder,
    name: flags.name ?? plan.suggestedName,
    kind: flags.kind,
    loss: flags.loss,
    seconds: askedSeconds(flags) ?? presetSeconds.quick,
    ...(flags.steps === undefined ? {} : { steps: flags.steps }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
  })
  const why = options.kind === 'auto' ? ` ${plan.why}` : ''
  terminal.say(`${counted(dataset.pictures.length, 'picture', 'pictures')}.${why}`)
  for (const problem of dataset.problems.slice(0, problemsShown))
    terminal.say(`Left out: ${problem.path}: ${problem.reason}`)
  const more = dataset.problems.length - problemsShown
  if (more > 0) terminal.say(`... and ${more} more; --json lists them all.`)
  for (const warning of plan.warnings) terminal.say(warning)
  const card = await teach(library, library.freshId(options.name), dataset, options, runOn(terminal, signal))
  return { card, leftOut: dataset.problems }
}

async function resume(
  library: ModelLibrary,
  flags: TeachFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ModelCard> {
  const { id } = await library.find(flags.resume ?? '')
  return resumeTeaching(library, id, askedSeconds(flags), runOn(terminal, signal))
}

function askedSeconds({ seconds, preset }: TeachFlags): number | undefined {
  const asked = seconds ?? (preset && presetSeconds[preset])
  return asked === undefined
    ? undefined
    : checked(teachOptions.pick({ seconds: true }), { seconds: asked }).seconds
}

function presetWords(): string {
  return Object.entries(presetSeconds)
    .map(([preset, seconds]) => `${preset} ${seconds / 60} min`)
    .join(', ')
}

function runOn(terminal: Terminal, signal: AbortSignal): TeachRun {
  return {
    signal,
    onEvent: (event) => {
      if (event.type !== 'progress') return
      const { phase, share, psnr, psnrNoisy, picturesPerSecond, secondsLeft } = event.progress
      const quality =
        psnr === null || psnrNoisy === null ? '' : `${psnrNoisy.toFixed(1)} → ${psnr.toFixed(1)} dB`
      const speed = picturesPerSecond === null ? '' : `${Math.round(picturesPerSecond)} pictures/s`
      const label = { reading: 'Reading', preparing: 'Preparing', teaching: 'Teaching', saving: 'Saving' }[
        phase
      ]
      terminal.progress(label, share, [quality, speed].filter(Boolean).join('  '), secondsLeft)
    },
  }
}

function summary(card: ModelCard): object {
  const { id, name, kind, state, step, seconds, scores, parameters, taughtWith } = card
  return {
    id,
    name,
    kind,
    state,
    step,
    seconds,
    parameters,
    pictures: taughtWith.pictures,
    heldOut: taughtWith.heldOut,
    ...scores,
  }
}

function inWords({ name, state, seconds, scores, step }: ModelCard): string[] {
  const quality =
    scores.psnrNoisy === null || scores.psnrDenoised === null
      ? ''
      : ` Held-out pictures: ${scores.psnrNoisy.toFixed(2)} dB noisy, ${scores.psnrDenoised.toFixed(2)} dB denoised.`
  const next =
    state === 'finished'
      ? `Use it: uphill refine <pictures> --model "${name}" --out <folder>`
      : `It was stopped early; go on with: uphill teach --resume "${name}"`
  return [`“${name}” learned for ${duration(seconds)} (${counted(step, 'step', 'steps')}).${quality}`, next]
}
