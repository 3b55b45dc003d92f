import path from 'node:path'
import { Command, Option } from 'commander'
import * as z from 'zod'
import { exportOptions, seed } from '../../../shared/domain.ts'
import { indexFolder } from '../../engine/datasets/index-folder.ts'
import { pictureOf, readForGenerator } from '../../engine/generators/folder.ts'
import { generate } from '../../engine/generators/generator.ts'
import { exportPicture } from '../../engine/images/encode.ts'
import {
  type OutputOptions,
  Terminal,
  cancelOnInterrupt,
  checked,
  counted,
  numberOption,
} from '../terminal.ts'
import { makeRoom } from './dream.ts'
import { type ExportFlags, whenExists, withExportOptions } from './walk-options.ts'

interface GenerateFlags extends OutputOptions, ExportFlags {
  kind: 'vae' | 'gan'
  count?: number
  seed?: number
  epochs?: number
}

const generateOptions = z.object({
  kind: z.enum(['vae', 'gan']),
  count: z.int().min(1).max(10_000).default(64),
  seed: seed.default(1),
  epochs: z.int().min(1).max(1000).default(12),
})

export function generateCommand(): Command {
  const command = new Command('generate')
    .summary('make samples to refine, with a small VAE or GAN')
    .description(
      'Teach a small generator on a folder of small pictures of one size and draw samples from it: blurry ones (vae) or ' +
        'broken ones (gan), to see what refining makes of them. Samples from elsewhere can be refined just the same.',
    )
    .argument('<folder>', 'pictures to learn from, at most 64 pixels a side')
    .addOption(new Option('--kind <kind>', 'what to teach').choices(['vae', 'gan']).default('vae'))
    .option('--count <n>', 'how many samples (default 64)', numberOption)
    .option('--seed <n>', 'seed of everything (default 1)', numberOption)
    .option('--epochs <n>', 'how often each picture is seen (default 12)', numberOption)
  return withExportOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ uphill generate digits/ --kind gan --count 100 --out samples
  $ uphill refine samples/ --model Digits --out better --sigma 1.5 --add-noise --steps 20 --churn 1`,
    )
    .action(async (folder: string, flags: GenerateFlags) => {
      const terminal = new Terminal(flags)
      const signal = cancelOnInterrupt()
      const { kind, count, seed: first, epochs } = checked(generateOptions, flags)
      const output = checked(exportOptions, { ...flags, whenExists: whenExists(flags) })
      const names = Array.from({ length: count }, (_, index) => {
        const ending = output.format === 'jpeg' ? 'jpg' : output.format
        return `${kind}-${first}-${String(index + 1).padStart(3, '0')}.${ending}`
      })
      await makeRoom(flags.out, names, output.whenExists)
      const dataset = await indexFolder(folder, { signal })
      const pictures = await readForGenerator(dataset, {
        signal,
        seed: first,
        onProgress: (share) => terminal.progress('Reading', share),
      })
      const samples = await generate(
        pictures,
        { kind, count, seed: first, epochs },
        {
          signal,
          onProgress: (share, left) => terminal.progress('Teaching', share, kind.toUpperCase(), left),
        },
      )
      const size = dataset.uniformSize ?? pictures
      const files: string[] = []
      for (const [index, name] of names.entries()) {
        const target = path.join(flags.out, name)
        files.push((await exportPicture(pictureOf(samples, index, size), target, output)).path)
      }
      terminal.result({ pictures: files, kind, seed: first }, [
        `${counted(files.length, 'sample', 'samples')} of a ${kind.toUpperCase()} in ${flags.out}.`,
      ])
    })
}
