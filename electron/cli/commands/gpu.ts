import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import { UphillError } from '../../../shared/errors.ts'
import { bindingFile } from '../../engine/tensor/binding-file.ts'
import { gigabytes, installGpuPack, removeGpuPack } from '../../engine/tensor/gpu-install.ts'
import { downloadBytes, gpuPack, gpuPackFits, packBinding, packFolder } from '../../engine/tensor/gpu-pack.ts'
import { proveGpu, rememberProof } from '../../engine/tensor/gpu-proof.ts'
import { type OutputOptions, Terminal, cancelOnInterrupt, exitCodes } from '../terminal.ts'

interface InstallOptions extends OutputOptions {
  from?: string
  yes?: boolean
}

export function gpuCommand(): Command {
  const gpu = new Command('gpu')
    .summary('the optional part that lets an NVIDIA card compute (Linux, x64)')
    .description(
      `The optional part that lets an NVIDIA card compute, on Linux (x64): TensorFlow for CUDA and NVIDIA's libraries, ` +
        `${gigabytes(downloadBytes())} GB to download, ${gigabytes(gpuPack.unpackedBytes)} GB on disk, in your own folder.`,
    )
  gpu
    .command('install')
    .description('fetch it with pip, check every file, unpack it, and try the card')
    .option('--from <folder>', 'take the files from a folder instead; see uphill gpu files')
    .option('--yes', 'do not ask')
    .action(install)
  gpu
    .command('files')
    .description('what it is made of: for machines without Python, to be fetched elsewhere')
    .action((flags: OutputOptions) => {
      const { wheels } = gpuPack
      new Terminal(flags).result(
        { wheels },
        wheels.map(({ name, version, file, sha256 }) => `${name}==${version}\n  ${file}\n  sha256 ${sha256}`),
      )
    })
  gpu
    .command('try')
    .description('try whether the card computes, after a new driver or when it had failed')
    .action((flags: OutputOptions) => {
      tryCard(new Terminal(flags))
    })
  gpu
    .command('remove')
    .description('take it away again')
    .action(async (flags: OutputOptions) => {
      const was = await removeGpuPack()
      new Terminal(flags).result({ removed: was }, [was ? 'The GPU pack is gone.' : 'There was none.'])
    })
  return gpu.addHelpText('after', '\nExample:\n  $ uphill gpu install')
}

async function install({ from, yes, ...flags }: InstallOptions): Promise<void> {
  const terminal = new Terminal(flags)
  if (gpuPackFits() && !yes) await ask(from)
  const folder = await installGpuPack(bindingFile(), {
    from,
    signal: cancelOnInterrupt(),
    onProgress: (doing, share) => {
      terminal.progress(doing, share)
    },
  })
  terminal.say(`It is in ${folder}.`)
  tryCard(terminal)
}

/** Gigabytes are not fetched unasked. */
async function ask(from: string | undefined): Promise<void> {
  const disk = gigabytes(gpuPack.unpackedBytes)
  const what = from
    ? `This unpacks ${disk} GB to ${packFolder()}.`
    : `This downloads ${gigabytes(downloadBytes())} GB and unpacks ${disk} GB to ${packFolder()}.`
  if (!process.stdin.isTTY)
    throw new UphillError(
      'BAD_INPUT',
      `${what} Nobody is there to be asked.`,
      'Add --yes if that is all right.',
    )
  const line = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await line.question(`${what} NVIDIA's libraries have NVIDIA's own licences. Go on? [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new UphillError('CANCELLED', 'Nothing was done.')
  } finally {
    line.close()
  }
}

function tryCard(terminal: Terminal): void {
  const binding = packBinding()
  if (binding === null)
    throw new UphillError(
      'FILE_NOT_FOUND',
      'The GPU pack is not installed.',
      'Install it with: uphill gpu install',
    )
  const proof = proveGpu(binding)
  rememberProof(binding, proof)
  terminal.result(proof, [
    proof.works
      ? 'The card computes. Uphill uses it from its next start, unless the settings say otherwise.'
      : `The card does not compute: ${proof.why ?? ''}. The processor does, as before.`,
  ])
  if (!proof.works) process.exitCode = exitCodes.failed
}
