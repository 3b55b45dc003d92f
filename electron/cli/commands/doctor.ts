import { Command } from 'commander'
import { doctor } from '../../engine/doctor.ts'
import { type OutputOptions, Terminal, exitCodes } from '../terminal.ts'

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('what runs here, and what to do about what does not')
    .description('What runs here, and what to do about what does not.')
    .addHelpText('after', '\nExample:\n  $ uphill doctor --json')
    .action(async (flags: OutputOptions) => {
      const report = await doctor()
      const { cpu, problems } = report
      new Terminal(flags).result(report, [
        `TensorFlow  ${report.tensorflow ?? 'not there'}`,
        `Processor   ${cpu.model}, ${cpu.cores} cores (${cpu.features.join(', ') || 'no special features known'})`,
        `GPU         ${report.gpu ? `${report.gpu} (not used yet: the engine computes on the processor)` : 'none found'}`,
        `Memory      ${report.memoryGiB} GiB`,
        `Electron    ${report.electron ?? 'not there (only the window needs it; in a clone, npm start installs it)'}`,
        `Node        ${report.node} on ${report.platform}`,
        `Models      ${report.modelsFolder}`,
        ...(problems.length === 0
          ? ['All is well.']
          : problems.map(({ what, next }) => `\nProblem: ${what}\n  ${next}`)),
      ])
      if (problems.length > 0) process.exitCode = exitCodes.failed
    })
}
