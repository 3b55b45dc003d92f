import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Command } from 'commander'
import { teachOptions } from '../../../shared/domain.ts'
import { timeIndexing } from '../../engine/bench/indexing.ts'
import { timeLoading } from '../../engine/bench/loading.ts'
import { makePhotos } from '../../engine/bench/photos.ts'
import { timeRefining } from '../../engine/bench/refining.ts'
import { comparePrecisions } from '../../engine/bench/precision.ts'
import { type Measured, figuresOf, performancePage } from '../../engine/bench/report.ts'
import { timeSteps } from '../../engine/bench/steps.ts'
import { indexFolder } from '../../engine/datasets/index-folder.ts'
import { doctor } from '../../engine/doctor.ts'
import { writeFileAtomic } from '../../engine/files/atomic.ts'
import { anySizeExample, teach } from '../../engine/learning/teach.ts'
import { ModelLibrary } from '../../engine/models/library.ts'
import { cpuHasBfloat16 } from '../../engine/tensor/precision.ts'
import { type OutputOptions, Terminal, cancelOnInterrupt, numberOption } from '../terminal.ts'

interface BenchFlags extends OutputOptions {
  out?: string
  quick?: boolean
  python?: string
  peer?: string
  startMs?: number
}

/** A tile of refine with its halo, about. */
const tileSide = 768

export function benchCommand(): Command {
  return new Command('bench')
    .summary('how fast it is on this machine')
    .description(
      'How fast this machine is at it: learning, applying, reading, indexing and refining, as ratios to other programs ' +
        'where there are some. It takes some minutes and about 3 GB of the disk for temporary files.',
    )
    .option(
      '--out <folder>',
      'write performance.md and performance.json there; those that are there are replaced',
    )
    .option('--quick', 'less of everything, to see whether it works')
    .option('--python <python>', 'a Python that has torch, for the comparison with PyTorch')
    .option('--peer <script>', 'the program for that Python (test/bench/torch_peer.py in a clone)')
    .option('--start-ms <n>', 'milliseconds to the first window, measured elsewhere', numberOption)
    .addHelpText('after', '\nExample:\n  $ uphill bench --quick')
    .action(async (flags: BenchFlags) => {
      const terminal = new Terminal(flags)
      const signal = cancelOnInterrupt()
      const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-bench-'))
      try {
        const measured = await measure(folder, flags, signal, (what, share) =>
          terminal.progress('Measuring', share, what),
        )
        const page = performancePage(measured)
        const figures = figuresOf(measured)
        if (flags.out) await write(flags.out, page, { ...figures, measured })
        terminal.result({ ...figures, measured }, [page])
      } finally {
        await fs.rm(folder, { recursive: true, force: true })
      }
    })
}

async function write(folder: string, page: string, figures: object): Promise<void> {
  await fs.mkdir(folder, { recursive: true })
  await writeFileAtomic(path.join(folder, 'performance.md'), page, { whenExists: 'replace' })
  const json = `${JSON.stringify(figures, null, 2)}\n`
  await writeFileAtomic(path.join(folder, 'performance.json'), json, { whenExists: 'replace' })
}

async function measure(
  folder: string,
  flags: BenchFlags,
  signal: AbortSignal,
  onShare: (what: string, share: number) => void,
): Promise<Measured> {
  const quick = flags.quick ?? false
  const { cpu, tensorflow } = await doctor()
  const peer = flags.python && flags.peer ? { python: flags.python, script: flags.peer } : null
  const sizes = quick ? [{ batch: 1, side: 64 }] : [anySizeExample, { batch: 1, side: tileSide }]
  const steps: Measured['steps'] = []
  let torch: string | null = null
  for (const [index, size] of sizes.entries()) {
    onShare(`steps of ${size.batch} x ${size.side} x ${size.side}`, 0.15 * index)
    // Small batches are quick, and their times spread more.
    const rounds = quick ? 2 : index === 0 ? 15 : 7
    const timed = await timeSteps(size, { rounds, peer, signal })
    steps.push(timed.timings)
    torch ??= timed.torch
  }
  onShare('reading beside learning', 0.3)
  const photos = path.join(folder, 'photos')
  const many = { count: quick ? 9 : 60, width: 1500, height: 1000, format: 'jpeg' as const }
  await makePhotos(photos, many)
  const precision = await comparePrecisions(photos, { ...anySizeExample, steps: quick ? 5 : 600, signal })
  const loading = await timeLoading(photos, { ...anySizeExample, seconds: quick ? 2 : 60, signal })
  onShare('indexing', 0.5)
  const indexing = await timeIndexing(path.join(folder, 'index'), quick ? 200 : 10_000, signal)
  const home = path.join(folder, 'home')
  await makeModel(home, photos)
  const refining: Measured['refining'] = []
  const cli = process.argv.slice(1, 2)
  for (const [index, megapixels] of (quick ? [1] : [1, 10, 100]).entries()) {
    onShare(`refining ${megapixels} megapixels`, 0.7 + 0.05 * index)
    const out = path.join(folder, 'refining')
    refining.push(await timeRefining(cli, home, out, megapixels, megapixels === 100 ? 2 : 6, signal))
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: { model: cpu.model, cores: cpu.cores, bfloat16: cpuHasBfloat16() },
    tensorflow: tensorflow ?? 'unknown',
    torch,
    steps,
    precision,
    loading,
    indexing,
    refining,
    startMs: flags.startMs ?? null,
  }
}

/** Hardly taught: how fast it is does not depend on what it knows. */
async function makeModel(home: string, photos: string): Promise<void> {
  const dataset = await indexFolder(photos)
  const options = teachOptions.parse({ folder: photos, name: 'Benchmark', kind: 'any-size', steps: 3 })
  await teach(new ModelLibrary(path.join(home, 'models')), 'benchmark', dataset, options)
}
