import fs from 'node:fs/promises'
import path from 'node:path'
import { Command } from 'commander'
import * as z from 'zod'
import { type ExportOptions, exportOptions, seed } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { toFileError } from '../../engine/files/atomic.ts'
import { exportPicture } from '../../engine/images/encode.ts'
import type { Pixels } from '../../engine/images/pixels.ts'
import { dream } from '../../engine/walking/refine.ts'
import { ownLibrary } from '../library.ts'
import {
  type OutputOptions,
  Terminal,
  cancelOnInterrupt,
  checked,
  counted,
  numberOption,
} from '../terminal.ts'
import { type ExportFlags, whenExists, withExportOptions } from './walk-options.ts'

interface DreamFlags extends OutputOptions, ExportFlags {
  model: string
  count?: number
  seed?: number
  steps?: number
  size?: string
}

const dreamOptions = z.object({
  count: z.int().min(1).max(10_000).default(16),
  seed: seed.default(1),
  steps: z.int().min(1).max(1000).default(30),
  size: z
    .string()
    .regex(/^\d+x\d+$/, 'a size is given as 128x96')
    .optional(),
})

export function dreamCommand(): Command {
  const command = new Command('dream')
    .summary('make new pictures from noise')
    .description('Make new pictures from pure noise. The same seed gives the same pictures.')
    .requiredOption('--model <model>', 'name or id of a model')
    .option('--count <n>', 'how many (default 16)', numberOption)
    .option('--seed <n>', 'seed of the noise (default 1)', numberOption)
    .option('--steps <n>', 'steps of the walk (default 30)', numberOption)
    .option('--size <width>x<height>', 'size in pixels, for any-size models (default 128x128)')
  return withExportOptions(command)
    .addHelpText('after', '\nExample:\n  $ uphill dream --model Faces --count 40 --seed 7 --out dreams')
    .action(async (flags: DreamFlags) => {
      const terminal = new Terminal(flags)
      const signal = cancelOnInterrupt()
      const { count, seed: first, steps, size } = checked(dreamOptions, flags)
      const output = checked(exportOptions, { ...flags, whenExists: whenExists(flags) })
      const names = Array.from({ length: count }, (_, index) => {
        const ending = output.format === 'jpeg' ? 'jpg' : output.format
        return `dream-${first}-${String(index + 1).padStart(3, '0')}.${ending}`
      })
      await makeRoom(flags.out, names, output.whenExists)
      const library = ownLibrary()
      const model = await library.open((await library.find(flags.model)).id)
      const [width = 0, height = 0] = (size ?? '').split('x').map(Number)
      let pictures: Pixels[] = []
      const options = { count, seed: first, steps, ...(size ? { size: { width, height } } : {}) }
      for await (const walked of dream(model, options, { signal })) {
        pictures = walked.pictures
        terminal.progress('Dreaming', walked.step.index / steps, '', walked.secondsLeft)
      }
      const files: string[] = []
      for (const [index, pixels] of pictures.entries()) {
        const target = path.join(flags.out, names[index] ?? '')
        files.push((await exportPicture(pixels, target, output)).path)
      }
      terminal.result({ pictures: files, seed: first }, [
        `${counted(files.length, 'new picture', 'new pictures')} in ${flags.out}.`,
      ])
    })
}

/** The folder of the pictures; and, before the work, whether all of them may go there. */
export async function makeRoom(
  out: string,
  names: readonly string[],
  whenExists: ExportOptions['whenExists'],
): Promise<void> {
  try {
    await fs.mkdir(out, { recursive: true })
    const there = new Set(whenExists === 'fail' ? await fs.readdir(out) : [])
    const taken = names.filter((name) => there.has(name))
    if (taken.length === 0) return
    throw new UphillError(
      'FILE_EXISTS',
      `${counted(taken.length, 'picture is', 'pictures are')} in ${out} already, such as ${taken[0]}.`,
      'Choose another seed or folder, or say --number to keep both, or --overwrite to replace them.',
    )
  } catch (error) {
    throw toFileError(error, out, 'make the folder of the pictures')
  }
}
