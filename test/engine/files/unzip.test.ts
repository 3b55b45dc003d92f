import { execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unzip } from '../../../electron/engine/files/unzip.ts'

let folder: string
let archive: string
/** One that packs well and one that does not. */
const [text, noise] = [
  Buffer.alloc(300_000, 'uphill '),
  Buffer.from(Array.from({ length: 9999 }, (_, i) => (i * i * 7919) % 251)),
]

/** As Python's zipfile makes it, with which wheels are made. */
const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    for name in sys.argv[2:]:
        archive.write(name, name, zipfile.ZIP_STORED if name.endswith(".bin") else None)
`

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-unzip-'))
  archive = path.join(folder, 'a.zip')
  await fs.mkdir(path.join(folder, 'in'))
  await fs.writeFile(path.join(folder, 'in/text.txt'), text)
  await fs.writeFile(path.join(folder, 'in/noise.bin'), noise)
  execFileSync('python3', ['-c', script, archive, 'in/text.txt', 'in/noise.bin'], { cwd: folder })
})
afterEach(() => fs.rm(folder, { recursive: true, force: true }))

const out = (name: string): string => path.join(folder, 'out', path.basename(name))

describe('unzip', () => {
  it('gives the files back as they went in, packed or not', async () => {
    const written = await unzip(archive, out)
    expect(written.map(({ bytes }) => bytes)).toEqual([text.length, noise.length])
    expect((await fs.readFile(out('text.txt'))).equals(text)).toBe(true)
    expect((await fs.readFile(out('noise.bin'))).equals(noise)).toBe(true)
  })

  it('writes only what is wanted, where it is wanted', async () => {
    await unzip(archive, (name) => (name === 'in/noise.bin' ? out('other') : null))
    expect(await fs.readdir(path.join(folder, 'out'))).toEqual(['other'])
  })

  it('refuses an archive that was cut short or is none', async () => {
    const whole = await fs.readFile(archive)
    for (const content of [
      whole.subarray(0, whole.length - 40),
      Buffer.from('no archive'),
      Buffer.alloc(0),
    ]) {
      await fs.writeFile(archive, content)
      await expect(unzip(archive, out)).rejects.toMatchObject({ code: 'MODEL_DAMAGED' })
    }
  })
})
