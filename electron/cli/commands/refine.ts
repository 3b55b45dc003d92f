import fs from 'node:fs/promises'
import path from 'node:path'
import { Command, Option } from 'commander'
import { type ExportFormat, type WalkOptions, exportOptions, walkOptions } from '../../../shared/domain.ts'
import {
  type ErrorInfo,
  UphillError,
  isCancelled,
  throwIfCancelled,
  toErrorInfo,
} from '../../../shared/errors.ts'
import { indexFolder } from '../../engine/datasets/index-folder.ts'
import { toFileError } from '../../engine/files/atomic.ts'
import { decodePicture, readPictureInfo } from '../../engine/images/decode.ts'
import { exportPicture } from '../../engine/images/encode.ts'
import type { Pixels } from '../../engine/images/pixels.ts'
import type { Denoiser } from '../../engine/models/denoiser.ts'
import { refine } from '../../engine/walking/refine.ts'
import { ownLibrary } from '../library.ts'
import {
  type OutputOptions,
  Terminal,
  cancelOnInterrupt,
  checked,
  describe,
  exitCodes,
  numberOption,
} from '../terminal.ts'
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

/** A picture to refine, and where its result goes below the out folder. */
interface Task {
  file: string
  below: string
}

interface Failure extends ErrorInfo {
  file: string
}

const extensions: Record<ExportFormat, string> = {
  png: '.png',
  jpeg: '.jpg',
  webp: '.webp',
  tiff: '.tif',
  avif: '.avif',
}

export function refineCommand(): Command {
  const command = new Command('refine')
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
      const output = checked(exportOptions.omit({ whenExists: true }).partial(), flags)
      const library = ownLibrary()
      const model = await library.open((await library.find(flags.model)).id)
      const { tasks, failures } = await listTasks(inputs, signal)
      if (tasks.length + failures.length === 0) {
        throw new UphillError(
          'NO_PICTURES',
          'There is no picture to refine there.',
          'Give PNG, JPEG, WebP, TIFF, GIF or AVIF files.',
        )
      }
      const written: { file: string; result: string; sigma: number }[] = []
      for (const [index, task] of tasks.entries()) {
        try {
          const onShare = (share: number): void =>
            terminal.progress(
              'Refining',
              (index + share) / tasks.length,
              `${index + 1} of ${tasks.length}: ${path.basename(task.file)}`,
            )
          const format = output.format ?? (await readPictureInfo(task.file)).format
          const { pixels, sigma } = await refineOne(model, task.file, walk, signal, onShare)
          const options = checked(exportOptions, {
            ...output,
            format: format === 'gif' ? 'png' : format,
            whenExists: whenExists(flags),
          })
          const result = await exportBelow(pixels, flags.out, task, options)
          written.push({ file: task.file, result, sigma })
        } catch (error) {
          if (isCancelled(error)) throw error
          failures.push({ file: task.file, ...toErrorInfo(error) })
        }
      }
      for (const failure of failures)
        terminal.say(`Failed: ${failure.file}\n  ${describe(failure).replaceAll('\n', '\n  ')}`)
      const count = written.length === 1 ? '1 picture' : `${written.length} pictures`
      const failed = failures.length > 0 ? `; ${failures.length} failed` : ''
      terminal.result({ refined: written, failed: failures }, [
        `${count} refined into ${flags.out}${failed}.`,
      ])
      if (failures.length > 0) process.exitCode = exitCodes.failed
    })
}

async function refineOne(
  model: Denoiser,
  file: string,
  walk: WalkOptions,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<{ pixels: Pixels; sigma: number }> {
  const start = await decodePicture(file)
  let at = 0
  const onTiles = (done: number, of: number): void => onShare((at + done / of) / walk.steps)
  let last: { pixels: Pixels; sigma: number } = { pixels: start, sigma: 0 }
  for await (const { pixels, step } of refine(model, start, walk, { signal, onTiles })) {
    at = step.index
    last = { pixels, sigma: step.index === 0 ? step.sigma : last.sigma }
    onShare(at / walk.steps)
  }
  return last
}

async function exportBelow(
  pixels: Pixels,
  out: string,
  task: Task,
  options: Parameters<typeof exportPicture>[2],
): Promise<string> {
  const { dir, name } = path.parse(task.below)
  const folder = path.join(out, dir)
  const target = path.join(folder, `${name}${extensions[options.format]}`)
  if (path.resolve(target) === path.resolve(task.file)) {
    throw new UphillError(
      'FILE_EXISTS',
      `The result would replace the picture itself: ${task.file}.`,
      'Choose another folder with --out.',
    )
  }
  try {
    await fs.mkdir(folder, { recursive: true })
  } catch (error) {
    throw toFileError(error, folder, 'make the folder of the results')
  }
  return (await exportPicture(pixels, target, options)).path
}

/** Files as they are, folders with all that is in them; what cannot be read is told with the reason. */
async function listTasks(
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<{ tasks: Task[]; failures: Failure[] }> {
  const tasks: Task[] = []
  const failures: Failure[] = []
  for (const input of inputs) {
    throwIfCancelled(signal)
    try {
      if (!(await fs.stat(input)).isDirectory()) {
        tasks.push({ file: input, below: path.basename(input) })
        continue
      }
      const dataset = await indexFolder(input, { signal })
      tasks.push(
        ...dataset.pictures.map(({ path: file }) => ({ file, below: path.relative(dataset.folder, file) })),
      )
      const next = 'Leave it out, or mend it.'
      failures.push(
        ...dataset.problems.map(({ path: file, reason }) => ({
          file,
          code: 'PICTURE_UNREADABLE' as const,
          message: reason,
          next,
        })),
      )
    } catch (error) {
      if (isCancelled(error)) throw error
      failures.push({ file: input, ...toErrorInfo(toFileError(error, input, 'open the picture')) })
    }
  }
  return { tasks, failures }
}
