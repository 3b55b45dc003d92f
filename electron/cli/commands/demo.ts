import fs from 'node:fs/promises'
import path from 'node:path'
import { Command } from 'commander'
import { teachOptions } from '../../../shared/domain.ts'
import { isCancelled } from '../../../shared/errors.ts'
import { type DemoEvent, runDemo } from '../../engine/demo/demo.ts'
import { type OutputOptions, Terminal, cancelOnInterrupt, checked, numberOption } from '../terminal.ts'

interface DemoFlags extends OutputOptions {
  out?: string
  seconds: number
  steps?: number
}

export function demoCommand(): Command {
  return new Command('demo')
    .summary('see it work on bundled pictures')
    .description(
      'See it work: learn from bundled digits, refine noisy ones it has never seen, dream new ones.',
    )
    .option('--out <folder>', 'a new folder for all of it; default ./uphill-demo, numbered when it is there')
    .option('--seconds <n>', 'how long to learn', numberOption, 150)
    .option('--steps <n>', 'learn for this many steps instead, on a machine of any speed', numberOption)
    .addHelpText('after', '\nExample:\n  $ uphill demo --out /tmp/demo --seconds 60')
    .action(async (flags: DemoFlags) => {
      const terminal = new Terminal(flags)
      const signal = cancelOnInterrupt()
      const { seconds, steps } = checked(teachOptions.pick({ seconds: true, steps: true }), flags)
      const out = path.resolve(flags.out ?? (await freeFolder('uphill-demo')))
      const onEvent = (event: DemoEvent): void => show(terminal, event)
      const result = await runDemo({ out, seconds, steps, signal, onEvent }).catch((error: unknown) => {
        if (isCancelled(error)) terminal.say(`What was made until now is in ${out}; delete it as you like.`)
        throw error
      })
      const { psnrNoisy, psnrRefined, images, teachSeconds, sheet } = result
      terminal.result(result, [
        `${images} digits the model has never seen: ${psnrNoisy.toFixed(2)} dB noisy (not clipped), ${psnrRefined.toFixed(2)} dB refined,`,
        `${(psnrRefined - psnrNoisy).toFixed(2)} dB better after ${Math.round(teachSeconds)} s of teaching.`,
        `Look at it: ${sheet}`,
        `Everything, the model too, is in ${out}; delete the folder when you are done, or use the model:`,
        `UPHILL_HOME="${out}" uphill dream --model Digits --out digits`,
      ])
    })
}

function show(terminal: Terminal, event: DemoEvent): void {
  if (event.type === 'teaching') {
    const { share, psnr, psnrNoisy, secondsLeft } = event.progress
    const quality =
      psnr === null || psnrNoisy === null ? '' : `${psnrNoisy.toFixed(1)} → ${psnr.toFixed(1)} dB`
    terminal.progress('Teaching', share, quality, secondsLeft)
    return
  }
  const label = { unpacking: 'Unpacking', refining: 'Refining', dreaming: 'Dreaming' }[event.phase]
  terminal.progress(label, event.done / event.of)
}

async function freeFolder(name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (!(await fs.stat(candidate).catch(() => null))) return candidate
  }
}
