import { Command } from 'commander'
import type { DoctorReport } from '../../../shared/domain.ts'
import { doctor } from '../../engine/doctor.ts'
import { type OutputOptions, Terminal, exitCodes } from '../terminal.ts'

function gpuWords({ gpu, device: { kind, why, pack } }: DoctorReport): string {
  if (gpu === null) return 'no NVIDIA card found'
  if (kind === 'gpu') return `${gpu}, which computes`
  if (pack === null) return `${gpu} (not used: there is no GPU pack for this system)`
  if (!pack) return `${gpu} (not used: the GPU pack is not installed; see uphill gpu --help)`
  return `${gpu} (not used: ${why ?? 'the processor was chosen in the settings'})`
}

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
        `GPU         ${gpuWords(report)}`,
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
