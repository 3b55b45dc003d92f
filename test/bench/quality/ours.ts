/**
 * Our side of docs/quality.md: teaches the any-size model on photographs, as `uphill teach` does, and measures it on
 * the crops of data.py. Run by run.mjs.
 *     ours.ts <folder> <minutes>
 * Minutes are CPU time of the process divided by the number of cores, so that a busy machine gives the same figures.
 */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { indexFolder } from '../../../electron/engine/datasets/index-folder.ts'
import { processorClock, teach } from '../../../electron/engine/learning/teach.ts'
import { psnrOf } from '../../../electron/engine/measuring/quality.ts'
import { ssim } from '../../../electron/engine/measuring/ssim.ts'
import type { Denoiser } from '../../../electron/engine/models/denoiser.ts'
import { ModelLibrary } from '../../../electron/engine/models/library.ts'
import { teachOptions } from '../../../shared/domain.ts'

const side = 256
const values = side * side * 3
const [folder = '', words = ''] = process.argv.slice(2)
const minutes = Number(words)

const read = async (file: string): Promise<Float32Array> =>
  new Float32Array(new Uint8Array(await fs.readFile(path.join(folder, 'test', file))).buffer)

const estimate = (model: Denoiser, x: Float32Array): Float32Array =>
  new Float32Array(model.estimate(x, [1, side, side], Float32Array.of(0.1)))

/** The mean over all eight flips and turns. */
function averaged(model: Denoiser, x: Float32Array): Float32Array {
  const out = new Float32Array(values)
  for (let turn = 0; turn < 8; turn++) {
    const from = (y: number, column: number): number => {
      let [a, b] = turn & 4 ? [column, y] : [y, column]
      if (turn & 1) a = side - 1 - a
      if (turn & 2) b = side - 1 - b
      return (a * side + b) * 3
    }
    const turned = new Float32Array(values)
    const each = (work: (to: number, at: number) => void): void => {
      for (let y = 0; y < side; y++) {
        for (let column = 0; column < side; column++) {
          const at = from(y, column)
          for (let c = 0; c < 3; c++) work((y * side + column) * 3 + c, at + c)
        }
      }
    }
    each((to, at) => (turned[to] = x[at]!))
    const result = estimate(model, turned)
    each((to, at) => (out[at]! += result[to]! / 8))
  }
  return out
}

const dataset = await indexFolder(path.join(folder, 'taught'))
const home = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-quality-'))
const library = new ModelLibrary(home)
const options = teachOptions.parse({
  folder: dataset.folder,
  name: 'Photos',
  kind: 'any-size',
  seconds: minutes * 60,
})
const curve: { minutes: number; psnr: number }[] = []
await teach(library, 'photos', dataset, options, {
  clock: processorClock,
  onEvent: (event) => {
    if (event.type !== 'curve') return
    const last = event.curve.at(-1)!
    if (last.psnr !== null) curve.push({ minutes: last.seconds / 60, psnr: last.psnr })
  },
})
const model = await library.open('photos')
const names = (await fs.readdir(path.join(folder, 'test'))).filter((name) => /^[^.]*\.f32$/.test(name)).sort()
const rows: object[] = []
for (const ensemble of [false, true]) {
  for (const sigma of [15, 25, 50]) {
    const scores: { psnr: number; ssim: number }[] = []
    let cpu = 0
    for (const name of names) {
      const clean = await read(name)
      const noisy = await read(name.replace('.f32', `.${sigma}.f32`))
      const start = process.cpuUsage()
      const result = (ensemble ? averaged : estimate)(model, noisy).map((value) =>
        Math.min(1, Math.max(0, value)),
      )
      const { user, system } = process.cpuUsage(start)
      cpu += (user + system) / 1e6
      scores.push({
        psnr: psnrOf(result, clean),
        ssim: ssim(result, clean, { width: side, height: side, channels: 3 }),
      })
    }
    const mean = (of: 'psnr' | 'ssim'): number =>
      scores.reduce((sum, score) => sum + score[of], 0) / scores.length
    rows.push({
      minutes,
      cores: os.availableParallelism(),
      ensemble,
      sigma,
      psnr: mean('psnr'),
      ssim: mean('ssim'),
      secondsPerMegapixel: cpu / (names.length * side * side * 1e-6),
    })
    console.log(rows.at(-1))
  }
}
await fs.writeFile(
  path.join(folder, `ours-${minutes}.json`),
  JSON.stringify({ rows, curve, steps: (await library.card('photos')).step }),
)
await fs.rm(home, { recursive: true, force: true })
process.exit(0)
