// Photographs against BM3D and others: makes docs/quality.md and docs/quality.json.
//     node test/bench/quality/run.mjs <folder> [minutes ...]
// Each part is kept in the folder and not measured again: photographs and noise (data.py, needs apt-get and dpkg-deb),
// the peers (peers.py, in a virtual environment of its own), and our model for each number of minutes (ours.ts).
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { bundled } from './bundle.mjs'

const here = import.meta.dirname
const root = path.resolve(here, '../../..')
const folder = path.resolve(process.argv[2] ?? path.join(root, 'node_modules/.cache/uphill-quality'))
const minutes = process.argv.slice(3).map(Number)
const at = (...parts) => path.join(folder, ...parts)
const run = (command, args) => execFileSync(command, args, { stdio: 'inherit' })
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'))

fs.mkdirSync(folder, { recursive: true })
if (!fs.existsSync(at('peers.json'))) {
  run('python3', ['-m', 'venv', at('venv')])
  run(at('venv/bin/pip'), ['install', '--quiet', 'bm3d', 'scikit-image'])
  run(at('venv/bin/python'), [path.join(here, 'data.py'), folder])
  run(at('venv/bin/python'), [path.join(here, 'peers.py'), folder])
}
const bundle = await bundled('ours')
for (const count of minutes) {
  if (!fs.existsSync(at(`ours-${count}.json`))) run(process.execPath, [bundle, folder, String(count)])
}

const peers = readJson(at('peers.json'))
const runs = fs
  .readdirSync(folder)
  .filter((name) => /^ours-.*\.json$/.test(name))
  .map((name) => readJson(at(name)))
  .sort((a, b) => a.rows[0].minutes - b.rows[0].minutes)
if (runs.length === 0) throw new Error('no model has been taught for this page: say for how many minutes')
const ours = runs.flatMap(({ rows }) => rows)
const json = JSON.stringify(
  { peers, ours, curves: runs.map(({ curve, steps, rows }) => ({ minutes: rows[0].minutes, steps, curve })) },
  null,
  2,
)
fs.writeFileSync(path.join(root, 'docs/quality.json'), `${json}\n`)
fs.writeFileSync(path.join(root, 'docs/quality.md'), page())

function page() {
  const sigmas = [15, 25, 50]
  const cells = (rows) =>
    sigmas.map((sigma) => {
      const row = rows.find((one) => one.sigma === sigma)
      return `${row.psnr.toFixed(2)} / ${row.ssim.toFixed(3)}`
    })
  const speed = (rows) => {
    const seconds = rows.reduce((sum, row) => sum + row.secondsPerMegapixel, 0) / rows.length
    return String(Number(seconds.toPrecision(2)))
  }
  const line = (name, rows) => `| ${name} | ${cells(rows).join(' | ')} | ${speed(rows)} |`
  const names = [...new Set(peers.map(({ name }) => name))]
  const of = (name) => peers.filter((row) => row.name === name)
  const bm3d = of('BM3D').find(({ sigma }) => sigma === 25)
  const best = ours.filter(({ sigma }) => sigma === 25).sort((a, b) => b.psnr - a.psnr)[0]
  const gap = best.psnr - bm3d.psnr
  const single = ours.find(({ sigma, ensemble }) => sigma === 25 && !ensemble)
  return [
    '# How good it is on photographs',
    '',
    'Made by `node test/bench/quality/run.mjs <folder> <minutes ...>`. The any-size model is taught as `uphill teach` does,',
    'on 37 photographs of Debian’s wallpaper packages; measured on crops of 256 x 256 of twelve others, five of them',
    'from scikit-image. Gaussian noise, not clipped, the same for all; the peers are told its σ (of 255), our model is not.',
    'PSNR in dB and SSIM, means over the crops, results clipped to 0..1. Seconds are CPU time; minutes of teaching are CPU',
    `time divided by the ${os.availableParallelism()} cores of this machine (${os.cpus()[0].model}).`,
    '',
    `| | ${sigmas.map((sigma) => `σ ${sigma}: PSNR / SSIM`).join(' | ')} | seconds a megapixel |`,
    '| --- | --- | --- | --- | --- |',
    ...names.map((name) => line(name === 'none' ? 'noisy' : name, of(name))),
    ...runs.flatMap(({ rows }) =>
      [false, true].map((ensemble) => {
        const some = rows.filter((row) => row.ensemble === ensemble)
        const { minutes: taught } = rows[0]
        const what = `**Uphill, ${taught} ${taught === 1 ? 'minute' : 'minutes'} of teaching**${ensemble ? ', mean over 8 flips and turns' : ''}`
        return line(what, some)
      }),
    ),
    '',
    `At σ 25 the best of ours is ${Math.abs(gap).toFixed(2)} dB ${gap < 0 ? 'below' : 'above'} BM3D. One pass takes ${Math.round(bm3d.secondsPerMegapixel / single.secondsPerMegapixel)} times less time than BM3D.`,
    '',
    'What was tried besides, and what it brought: [quality-tried.md](quality-tried.md).',
    '',
    '## While it learns',
    '',
    'PSNR at σ 51 of 255 (0.2) on pictures held out of the taught folder itself, in the longest run.',
    'Within it the learning rate is still high until the end, so a point on the way is less than a finished run of that length.',
    '',
    '| minutes | PSNR |',
    '| --- | --- |',
    ...thinned(runs.at(-1).curve).map(
      ({ minutes: when, psnr }) => `| ${when.toFixed(1)} | ${psnr.toFixed(2)} |`,
    ),
    '',
  ].join('\n')
}

function thinned(curve) {
  const every = Math.max(1, Math.ceil(curve.length / 14))
  return curve.filter((_, index) => index % every === 0 || index === curve.length - 1)
}
