/** `uphill` in a terminal: the same engine as the app. */
import { Command, CommanderError } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { benchCommand } from './commands/bench.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { dreamCommand } from './commands/dream.ts'
import { gpuCommand } from './commands/gpu.ts'
import { generateCommand } from './commands/generate.ts'
import { modelsCommand } from './commands/models.ts'
import { paperCommand } from './commands/paper.ts'
import { refineCommand } from './commands/refine.ts'
import { teachCommand } from './commands/teach.ts'
import { type OutputOptions, Terminal, exitCodes } from './terminal.ts'

const program = new Command('uphill')
  .description('Learns what your pictures look like, and walks any image uphill to where it looks like them.')
  .version(packageJson.version)
  .showHelpAfterError('(--help tells more)')
  .addHelpText(
    'after',
    `
Start here:
  $ uphill demo                                     see it work, in a few minutes
  $ uphill teach ~/Pictures/scans --name Scans      learn from a folder
  $ uphill refine noisy.png --model Scans --out .   make a picture look like them

Exit codes: 0 done, 1 failed or failed in part, 2 used wrongly, 130 cancelled.
Models are kept in UPHILL_HOME, or where your system keeps application data.`,
  )

for (const command of [
  teachCommand(),
  refineCommand(),
  dreamCommand(),
  generateCommand(),
  modelsCommand(),
  doctorCommand(),
  gpuCommand(),
  demoCommand(),
  benchCommand(),
  paperCommand(),
]) {
  program.addCommand(command)
}

/** Every command can answer in JSON and tell more of what went wrong. */
function prepare(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help tells more)')
  for (const child of command.commands) prepare(child)
  if (command.commands.length > 0 && command !== program) return
  if (command === program) return
  command
    .option('--json', 'end with one JSON object on the last line of standard output')
    .option('--verbose', 'show the details of errors')
}
prepare(program)

async function main(): Promise<number> {
  try {
    await program.parseAsync()
    return process.exitCode === undefined ? exitCodes.done : Number(process.exitCode)
  } catch (error) {
    if (error instanceof CommanderError) return afterParsing(error)
    return new Terminal(outputOptions()).fail(error)
  }
}

/** Commander has told it to people already. */
function afterParsing({ exitCode, message }: CommanderError): number {
  if (exitCode === 0) return exitCodes.done
  if (outputOptions().json) {
    const error = { code: 'BAD_INPUT', message: message.replace(/^error: /, ''), next: 'See --help.' }
    process.stdout.write(`${JSON.stringify({ error })}\n`)
  }
  return exitCodes.usage
}

/** From the words themselves: an error can come before options are read. */
function outputOptions(): OutputOptions {
  return { json: process.argv.includes('--json'), verbose: process.argv.includes('--verbose') }
}

// Who reads only the beginning (`uphill models | head -1`) has not made a mistake.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(exitCodes.done)
})

void main().then((code) => {
  // Not process.exit(): what is still on its way to a pipe must arrive. TensorFlow's threads do not keep Node alive.
  process.exitCode = code
})
