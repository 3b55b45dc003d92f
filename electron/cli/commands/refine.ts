import fs from 'node:fs/promises'
import path from 'node:path'
import { Command, Option } from 'commander'
import { type ExportOptions, type WalkOptions, exportOptions, walkOptions } from '../../../shared/domain.ts'
import { UphillError, isCancelled } from '../../../shared/errors.ts'
import { toFileError } from '../../engine/files/atomic.ts'
import { cacheFolder } from '../../engine/home.ts'
import { decodePicture, readPictureInfo } from '../../engine/images/decode.ts'
import { exportPicture } from '../../engine/images/encode.ts'
import type { Pixels } from '../../engine/images/pixels.ts'
import type { Denoiser } from '../../engine/models/denoiser.ts'
import { isLarge, refineLarge } from '../../engine/walking/refine-large.ts'
import { refine } from '../../engine/walking/refine.ts'
import { ownLibrary } from '../library.ts'
import {
  type OutputOptions,
  Terminal,
  cancelOnInterrupt,
  checked,
  counted,
  describe,
  exitCodes,
  numberOption,
} from '../terminal.ts'
import { type RefinePlan, type Task, failureOf, planRefining } from './refine-plan.ts'
import { type ExportFlags, whenExists, withExportOptions } from './walk-options.ts'

interface RefineFlags extends OutputOptions, ExportFlags {
  model: string
  sigma: string
  steps?: number
  schedule?: string
  alpha?: number
  addNoise?: boolean
  churn?: number
  seed?: number
}

/** What became of one picture. sigma is where the walk started; gain is in nats per pixel value. */
interface Refined {
  file: string
  result: string
  sigma: number
  gain: number
}

export function refineCommand(): Command {
  const command = new Command('refine')
    .summary('make pictures look like what a model has learned')
    .description(
      'Walk pictures uphill, to where they look like what a model has learned. The pictures are only read.',
    )
    .argument('<files or folders...>', 'pictures, or folders of them; the structure of folders is kept')
    .requiredOption('--model <model>', 'name or id of a model')
    .option(
      '--sigma <sigma>',
      'strength: the noise to walk down from, 0.001 to 10, or auto: as measured in the picture',
      'auto',
    )
    .option('--steps <n>', 'steps of the walk (default 6)', numberOption)
    .addOption(
      new Option(
        '--schedule <schedule>',
        'annealed: down a schedule of sigmas; constant: the paper’s',
      ).choices(['annealed', 'constant']),
    )
    .option('--alpha <n>', 'step size of the constant schedule, 0.01 to 1 (default 0.5)', numberOption)
    .option('--add-noise', 'add noise first: the picture is re-imagined, not only cleaned')
    .option('--churn <n>', 'share of fresh noise in each annealed step, 0 to 1 (default 0)', numberOption)
    .option('--seed <n>', 'seed of all added noise', numberOption)
  return withExportOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ uphill refine noisy.png --model Scans --out refined
  $ uphill refine samples/ --model Faces --out better --sigma 0.6 --add-noise --steps 15`,
    )
    .action(async (inputs: string[], flags: RefineFlags) => {
      const terminal = new Terminal(flags)
      const signal = cancelOnInterrupt()
      const walk = checked(walkOptions, {
        ...flags,
        sigma: flags.sigma === 'auto' ? 'auto' : numberOption(flags.sigma),
      })
      const { format, ...output } = checked(exportOptions.omit({ whenExists: true }).partial(), flags)
      const library = ownLibrary()
      const { id } = await library.find(flags.model)
      const plan = await planRefining(inputs, flags.out, format, signal)
      requireSomething(plan)
      const options = checked(exportOptions, { ...output, whenExists: whenExists(flags) })
      const run = { model: await library.open(id), walk, options, signal, terminal }
      const { refined, cancelled } = await refineAll(plan, run)
      const { failures, leftOut } = plan
      for (const failure of failures)
        terminal.say(`Failed: ${failure.file}\n  ${describe(failure).replaceAll('\n', '\n  ')}`)
      for (const { file, reason } of leftOut) terminal.say(`Left out: ${file}\n  ${reason}`)
      terminal.result({ refined, failed: failures, leftOut, otherFiles: plan.otherFiles, cancelled }, [
        inWords(plan, refined.length, flags.out, cancelled),
      ])
      if (cancelled) process.exitCode = exitCodes.cancelled
      else if (failures.length > 0) process.exitCode = exitCodes.failed
    })
}

function requireSomething({ tasks, failures, leftOut, otherFiles }: RefinePlan): void {
  if (tasks.length + failures.length > 0) return
  const first = leftOut[0] ? ` ${path.basename(leftOut[0].file)}: ${leftOut[0].reason}` : ''
  const others = otherFiles > 0 ? ` ${counted(otherFiles, 'file is', 'files are')} no picture by name.` : ''
  throw new UphillError(
    'NO_PICTURES',
    `There is no picture to refine there.${first}${others}`,
    'Give PNG, JPEG, WebP, TIFF, GIF or AVIF files.',
  )
}

function inWords(plan: RefinePlan, refined: number, out: string, cancelled: boolean): string {
  const { tasks, failures, leftOut, otherFiles } = plan
  const parts = [`${counted(refined, 'picture', 'pictures')} refined into ${out}`]
  if (failures.length > 0) parts.push(`${failures.length} failed`)
  if (leftOut.length > 0) parts.push(`${leftOut.length} left out`)
  if (otherFiles > 0) parts.push(`${counted(otherFiles, 'other file', 'other files')} passed over`)
  const words = `${parts.join('; ')}.`
  return cancelled ? `Cancelled: of ${counted(tasks.length, 'picture', 'pictures')}, ${words}` : words
}

interface RefineAll {
  model: Denoiser
  walk: WalkOptions
  options: ExportOptions
  signal: AbortSignal
  terminal: Terminal
}

/** One picture after the other; what fails is added to the plan's failures and does not stop the rest. */
async function refineAll(
  plan: RefinePlan,
  run: RefineAll,
): Promise<{ refined: Refined[]; cancelled: boolean }> {
  const refined: Refined[] = []
  for (const [index, task] of plan.tasks.entries()) {
    const onShare = (share: number): void =>
      run.terminal.progress(
        'Refining',
        (index + share) / plan.tasks.length,
        `${index + 1} of ${plan.tasks.length}: ${path.basename(task.file)}`,
      )
    try {
      refined.push(await refineOne(task, plan.originals, run, onShare))
    } catch (error) {
      if (isCancelled(error)) return { refined, cancelled: true }
      plan.failures.push(failureOf(task.file, error))
      if (!(error instanceof UphillError) || error.code !== 'DISK_FULL') continue
      // No picture can be written any more: the rest is told, not tried.
      const rest = new UphillError('DISK_FULL', 'Not tried, because the disk is full.', error.next)
      plan.failures.push(...plan.tasks.slice(index + 1).map(({ file }) => failureOf(file, rest)))
      return { refined, cancelled: false }
    }
  }
  return { refined, cancelled: false }
}

async function refineOne(
  task: Task,
  originals: ReadonlySet<string>,
  run: RefineAll,
  onShare: (share: number) => void,
): Promise<Refined> {
  const { whenExists } = run.options
  await makeRoom(task, originals, whenExists)
  const output = { ...run.options, format: task.format }
  const info = await readPictureInfo(task.file)
  if (isLarge(run.model, info)) {
    const {
      path: result,
      sigma,
      gain,
    } = await walkLarge({ ...info, path: task.file }, task.target, output, run, onShare)
    return { file: task.file, result, sigma, gain }
  }
  const { pixels, sigma, gain } = await walkOne(task, run, onShare)
  const exported = await exportPicture(pixels, task.target, output)
  return { file: task.file, result: exported.path, sigma, gain }
}

/** From file to file: the picture does not fit into memory. */
function walkLarge(
  picture: { path: string; width: number; height: number },
  target: string,
  output: ExportOptions,
  { model, walk, signal }: RefineAll,
  onShare: (share: number) => void,
): ReturnType<typeof refineLarge> {
  onShare(0)
  let at = 0
  return refineLarge(
    model,
    picture,
    target,
    { walk, output },
    {
      workParent: cacheFolder(),
      signal,
      onStep: ({ index }) => onShare((at = index) / walk.steps),
      onTiles: (done, of) => onShare((at + done / of) / walk.steps),
    },
  )
}

/** The folder of the result; and, before minutes of work, whether the result may go there. */
async function makeRoom(
  { file, target }: Task,
  originals: ReadonlySet<string>,
  whenExists: ExportOptions['whenExists'],
): Promise<void> {
  const folder = path.dirname(target)
  try {
    await fs.mkdir(folder, { recursive: true })
  } catch (error) {
    throw toFileError(error, folder, 'make the folder of the results')
  }
  const there = await fs.realpath(target).catch(() => null)
  if (there === null || whenExists === 'number') return
  if (originals.has(there)) {
    const what = there === (await fs.realpath(file)) ? 'the picture itself' : 'another of the pictures'
    throw new UphillError(
      'FILE_EXISTS',
      `The result would replace ${what}: ${target}.`,
      'Choose another folder with --out.',
    )
  }
  if (whenExists === 'fail') {
    throw new UphillError(
      'FILE_EXISTS',
      `There is a file already: ${target}.`,
      'Say --number to keep both, or --overwrite to replace it.',
    )
  }
}

async function walkOne(
  { file }: Task,
  { model, walk, signal }: RefineAll,
  onShare: (share: number) => void,
): Promise<{ pixels: Pixels; sigma: number; gain: number }> {
  onShare(0)
  const start = await decodePicture(file)
  const last = { pixels: start, sigma: 0, gain: 0 }
  let at = 0
  const onTiles = (done: number, of: number): void => onShare((at + done / of) / walk.steps)
  for await (const { pixels, step } of refine(model, start, walk, { signal, onTiles })) {
    at = step.index
    if (at === 0) last.sigma = step.sigma
    last.pixels = pixels
    last.gain += step.gain
    onShare(at / walk.steps)
  }
  return last
}
