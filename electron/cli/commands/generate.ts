import { Command, Option } from 'commander'
import * as z from 'zod'
import { exportOptions, seed } from '../../../shared/domain.ts'
import { indexFolder } from '../../engine/datasets/index-folder.ts'
import { makeSamples, sampleNames } from '../../engine/generators/samples.ts'
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
      const options = { kind, count, seed: first, epochs }
      await makeRoom(flags.out, sampleNames(options, output.format), output.whenExists)
      const dataset = await indexFolder(folder, { signal })
      const files = await makeSamples(dataset, flags.out, options, output, {
        signal,
        onProgress: (phase, share, left) =>
          phase === 'reading'
            ? terminal.progress('Reading', share)
            : terminal.progress('Teaching', share, kind.toUpperCase(), left),
      })
      terminal.result({ pictures: files, kind, seed: first }, [
        `${counted(files.length, 'sample', 'samples')} of a ${kind.toUpperCase()} in ${flags.out}.`,
      ])
    })
}
