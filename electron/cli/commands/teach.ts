import { Command, Option } from 'commander'
import { type ModelCard, teachOptions } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { indexFolder } from '../../engine/datasets/index-folder.ts'
import { planTeaching, presetSeconds } from '../../engine/learning/plan.ts'
import { type TeachRun, resumeTeaching, teach } from '../../engine/learning/teach.ts'
import { ownLibrary } from '../library.ts'
import {
  type OutputOptions,
  Terminal,
  cancelOnInterrupt,
  checked,
  duration,
  exitCodes,
  numberOption,
} from '../terminal.ts'

interface TeachFlags extends OutputOptions {
  name?: string
  preset: keyof typeof presetSeconds
  seconds?: number
  steps?: number
  kind: string
  loss: string
  seed?: number
  resume?: string
}

export function teachCommand(): Command {
  return new Command('teach')
    .description('Learn from a folder of pictures. The pictures are only read.')
    .argument('[folder]', 'a folder with pictures, looked through with all its subfolders')
    .option('--name <name>', 'the name of the model; default the name of the folder')
    .addOption(
      new Option('--preset <preset>', 'how long to learn')
        .choices(Object.keys(presetSeconds))
        .default('quick'),
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
    .addOption(new Option('--loss <loss>', 'what is minimised').choices(['bce', 'mse']).default('bce'))
    .option('--seed <n>', 'seed of all randomness', numberOption)
    .option('--resume <model>', 'go on with this model (name or id) instead of starting a new one')
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
      const card = flags.resume
        ? await resume(flags.resume, flags, terminal, signal)
        : await start(folder, flags, terminal, signal)
      terminal.result(summary(card), inWords(card))
      if (card.state !== 'finished') process.exitCode = exitCodes.cancelled
    })
}

async function start(
  folder: string | undefined,
  flags: TeachFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ModelCard> {
  if (!folder)
    throw new UphillError(
      'BAD_INPUT',
      'Which folder should the model learn from?',
      'Say: uphill teach <folder>',
    )
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
    seconds: flags.seconds ?? presetSeconds[flags.preset],
    ...(flags.steps === undefined ? {} : { steps: flags.steps }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
  })
  terminal.say(`${dataset.pictures.length} pictures. ${plan.why}`)
  for (const problem of dataset.problems) terminal.say(`Left out: ${problem.path}: ${problem.reason}`)
  for (const warning of plan.warnings) terminal.say(warning)
  const library = ownLibrary()
  return teach(library, library.freshId(options.name), dataset, options, runOn(terminal, signal))
}

async function resume(
  nameOrId: string,
  flags: TeachFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ModelCard> {
  const library = ownLibrary()
  const { id } = await library.find(nameOrId)
  return resumeTeaching(library, id, flags.seconds, runOn(terminal, signal))
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
  const end =
    state === 'finished' ? '' : `\nIt was stopped early; go on with: uphill teach --resume "${name}"`
  return [`“${name}” learned for ${duration(seconds)} (${step} steps).${quality}${end}`]
}
