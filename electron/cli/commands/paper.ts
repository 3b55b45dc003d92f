import { Command, Option } from 'commander'
import { z } from 'zod'
import { runPaper } from '../../engine/paper/paper.ts'
import { paperPage } from '../../engine/paper/report.ts'
import { type OutputOptions, Terminal, cancelOnInterrupt, checked, numberOption } from '../terminal.ts'

interface PaperFlags extends OutputOptions {
  out: string
  minutes: number
  loss: 'bce' | 'mse' | 'both'
  pictures: 'digits' | 'emoji' | 'both'
  quick?: boolean
}

const paperOptions = z.object({ minutes: z.number().min(0.05).max(600) })

export function paperCommand(): Command {
  return new Command('paper')
    .summary('make the paper’s experiments again')
    .description(
      'Make the experiments of arXiv 1708.08487 again on handwritten digits and emoji, with fixed seeds: the score of a known ' +
        'density, samples of a VAE and a GAN made better, new pictures from noise. For a clone of the repository, which ' +
        'has the digits; the emoji, for the same in colour, are fetched by npm into the cache.',
    )
    .requiredOption('--out <folder>', 'where the report goes; files of an earlier report are replaced')
    .option(
      '--minutes <n>',
      'teaching of each denoiser: CPU minutes divided by the number of cores',
      numberOption,
      15,
    )
    .addOption(
      new Option('--loss <loss>', 'what to teach with').choices(['bce', 'mse', 'both']).default('both'),
    )
    .addOption(
      new Option(
        '--pictures <sets>',
        'one set or both; emoji alone are added to an earlier report of the digits',
      )
        .choices(['digits', 'emoji', 'both'])
        .default('both'),
    )
    .option('--quick', 'a few steps of everything, to see whether it works; the figures mean nothing')
    .addHelpText('after', '\nExample:\n  $ uphill paper --out docs/paper --minutes 15')
    .action(async (flags: PaperFlags) => {
      const terminal = new Terminal(flags)
      const signal = cancelOnInterrupt()
      const { minutes } = checked(paperOptions, flags)
      const losses = flags.loss === 'both' ? (['bce', 'mse'] as const) : [flags.loss]
      const results = await runPaper(
        { out: flags.out, minutes, losses, pictures: flags.pictures, quick: flags.quick ?? false },
        { signal, onProgress: (what, share) => terminal.progress('Paper', share, what) },
      )
      terminal.result(results, [paperPage(results), `The report is in ${flags.out}.`])
    })
}
