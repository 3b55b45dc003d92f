// Makes the pictures on the way up the hill of the first screen: a noisy digit, and what a model makes of it:
//   node scripts/make-walk.mjs
// It teaches a model for three minutes on 1,500 of the sample digits and walks one that is not among them, in constant steps.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { root } from './run/places.mjs'

const side = 28
const taught = 1500
const shown = 2348
const sigma = 0.7
const stepsShown = [1, 2, 4, 7, 12]

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uphill-walk-'))
const uphill = (...args) =>
  execFileSync(process.execPath, [path.join(root, 'scripts/uphill.mjs'), ...args], {
    stdio: 'inherit',
    env: { ...process.env, UPHILL_HOME: path.join(folder, 'home') },
  })

const sheet = path.join(root, 'resources/samples/digits.png')
const { width } = await sharp(sheet).metadata()
const columns = width / side
const digit = (index) =>
  sharp(sheet).extract({
    left: (index % columns) * side,
    top: Math.floor(index / columns) * side,
    width: side,
    height: side,
  })

fs.mkdirSync(path.join(folder, 'digits'))
for (let index = 0; index < taught; index++) {
  await digit(index)
    .toColourspace('b-w')
    .toFile(path.join(folder, 'digits', `${index}.png`))
}

let state = 1
const uniform = () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
const clean = await digit(shown).toColourspace('b-w').raw().toBuffer()
const noisy = clean.map((value) => Math.max(0, Math.min(255, Math.round(value + 255 * sigma * normal()))))
const raw = { width: side, height: side, channels: 1 }
await sharp(noisy, { raw }).toColourspace('b-w').png().toFile(path.join(folder, 'walk.png'))

uphill('teach', path.join(folder, 'digits'), '--name', 'Digits', '--seconds', '180')
const out = path.join(root, 'renderer/icons/walk')
fs.rmSync(out, { recursive: true, force: true })
fs.mkdirSync(out)
fs.copyFileSync(path.join(folder, 'walk.png'), path.join(out, '0.png'))
for (const [index, steps] of stepsShown.entries()) {
  const walk = ['--model', 'Digits', '--schedule', 'constant', '--alpha', '0.3', '--sigma', '0.5']
  const to = path.join(folder, `steps ${steps}`)
  uphill('refine', path.join(folder, 'walk.png'), ...walk, '--steps', String(steps), '--out', to)
  const [file] = fs.readdirSync(to)
  fs.copyFileSync(path.join(to, file), path.join(out, `${index + 1}.png`))
}
fs.rmSync(folder, { recursive: true, force: true })
