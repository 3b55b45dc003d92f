import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  changesOf,
  indexFolder,
  indexSource,
  summarise,
} from '../../../electron/engine/datasets/index-folder.ts'
import {
  dataset as datasetSchema,
  datasetSummary,
  type Dataset,
  type PictureInfo,
} from '../../../shared/domain.ts'
import { asNobody, isRoot, temporaryFolder } from '../files/temporary.ts'
import { hugePng, imageFrom, photo, samples } from '../images/making.ts'

const png = await photo(40, 30).png().toBuffer()
const jpeg = await photo(64, 48).jpeg().toBuffer()

/** Files by their path in the folder; the folders they need are made. */
function fill(folder: string, files: Record<string, string | Buffer>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, content)
  }
}

function names(dataset: Dataset): string[] {
  return dataset.pictures.map(({ path }) => path.slice(dataset.folder.length + 1).replaceAll('\\', '/'))
}

function problems(dataset: Dataset): Record<string, string> {
  return Object.fromEntries(
    dataset.problems.map(({ path, kind }) => [
      path.slice(dataset.folder.length + 1).replaceAll('\\', '/'),
      kind,
    ]),
  )
}

describe('indexFolder', () => {
  it('finds the pictures of all folders, sorted, with what they are', async () => {
    const folder = temporaryFolder()
    fill(folder, {
      'b.jpg': jpeg,
      'a.PNG': png,
      'sub/deep/er/c.webp': await photo(33, 44).webp().toBuffer(),
      'sub/deep.tiff': await imageFrom(samples(16, 20, 30, 4), 20, 30, 4)
        .tiff({ compression: 'lzw' })
        .toBuffer(),
      'sub/d.gif': await photo(32, 32).gif().toBuffer(),
      'e.avif': await photo(64, 64).avif({ effort: 0 }).toBuffer(),
      'upright.jpg': await photo(60, 40).jpeg().withMetadata({ orientation: 6 }).toBuffer(),
      'notes.txt': 'notes',
      'sub/no extension': 'x',
    })
    const dataset = await indexFolder(folder)
    expect(datasetSchema.parse(dataset)).toEqual(dataset)
    expect(names(dataset)).toEqual([
      'a.PNG',
      'b.jpg',
      'e.avif',
      'sub/d.gif',
      'sub/deep.tiff',
      'sub/deep/er/c.webp',
      'upright.jpg',
    ])
    expect(dataset).toMatchObject({ folder, problems: [], ignored: 2, uniformSize: null, greyscale: false })
    const by = Object.fromEntries(names(dataset).map((name, i) => [name, dataset.pictures[i]!]))
    expect(by['a.PNG']).toEqual({
      path: join(folder, 'a.PNG'),
      format: 'png',
      width: 40,
      height: 30,
      channels: 3,
      alpha: false,
      bitDepth: 8,
      bytes: png.length,
    })
    expect(by['sub/deep.tiff']).toMatchObject({ format: 'tiff', bitDepth: 16, alpha: true, channels: 3 })
    expect(by['upright.jpg']).toMatchObject({ width: 40, height: 60 })
    expect(await indexFolder(folder)).toEqual(dataset)
  })

  it('lists what cannot be used with the reason, and goes on', async () => {
    const folder = temporaryFolder()
    fill(folder, {
      'good.png': png,
      'empty.png': '',
      'text.png': 'Dear diary',
      'cut.jpg': jpeg.subarray(0, jpeg.length / 2),
      'cut.png': png.subarray(0, png.length - 40),
      'header only.webp': (await photo(64, 64).webp().toBuffer()).subarray(0, 30),
      'drawing.svg': '<svg/>',
      'film.mp4': 'film',
      'paper.pdf': '%PDF',
      'camera.NEF': 'II*\0',
      'phone.heic': 'x',
      'small.png': await photo(15, 200).png().toBuffer(),
    })
    hugePng(join(folder, 'bomb.png'), 30_000, 30_000)
    const dataset = await indexFolder(folder)
    expect(names(dataset)).toEqual(['good.png'])
    expect(problems(dataset)).toEqual({
      'bomb.png': 'too-large',
      'camera.NEF': 'unsupported',
      'cut.jpg': 'unreadable',
      'cut.png': 'unreadable',
      'drawing.svg': 'unsupported',
      'empty.png': 'unreadable',
      'film.mp4': 'unsupported',
      'header only.webp': 'unreadable',
      'paper.pdf': 'unsupported',
      'phone.heic': 'unsupported',
      'small.png': 'too-small',
      'text.png': 'not-a-picture',
    })
    for (const { reason } of dataset.problems) expect(reason).toMatch(/^[A-Z].*\.$/s)
    const bomb = dataset.problems.find(({ path }) => path.endsWith('bomb.png'))
    expect(bomb?.reason).toContain('30,000 x 30,000')
    expect(dataset.uniformSize).toEqual({ width: 40, height: 30 })
  })

  it('says so when a folder is empty, and when it is none', async () => {
    const folder = temporaryFolder()
    expect(await indexFolder(folder)).toEqual({
      folder,
      more: [],
      pictures: [],
      problems: [],
      ignored: 0,
      uniformSize: null,
      greyscale: false,
    })
    await expect(indexFolder(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' })
    fill(folder, { 'a.png': png })
    await expect(indexFolder(join(folder, 'a.png'))).rejects.toMatchObject({
      code: 'FOLDER_NOT_FOUND',
      message: '“a.png” is a file, not a folder.',
    })
  })

  it('takes several folders as one, each picture once, and leaves out what a source leaves out', async () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()]
    fill(first, { 'a.png': png, 'inner/b.png': png })
    fill(second, { 'a.jpg': jpeg, 'inner/b.jpg': jpeg })
    const all = await indexFolder(first, { more: [second, join(second, 'inner'), first] })
    expect(all.more).toEqual([second, join(second, 'inner')])
    expect(all.pictures).toHaveLength(4)
    expect(all.uniformSize).toBeNull()
    const leftOut = all.pictures.filter(({ format }) => format === 'jpeg').map(({ path }) => path)
    const rest = await indexSource({ folder: first, more: [second], leftOut })
    expect(rest.pictures).toHaveLength(2)
    expect(rest.uniformSize).toEqual({ width: 40, height: 30 })
  })

  it('knows by name what came and what went', async () => {
    const folder = temporaryFolder()
    fill(folder, { 'a.png': png, 'b.png': png, 'broken.png': 'no picture' })
    const before = await indexFolder(folder)
    expect(await changesOf(before)).toEqual({ added: 0, gone: 0 })
    renameSync(join(folder, 'a.png'), join(folder, 'c.png'))
    fill(folder, { 'd.png': png })
    expect(await changesOf(before)).toEqual({ added: 2, gone: 1 })
    rmSync(folder, { recursive: true })
    await expect(changesOf(before)).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' })
  })

  it('takes a folder of one picture', async () => {
    const folder = temporaryFolder()
    fill(folder, { 'one.png': png })
    expect(await indexFolder(folder)).toMatchObject({
      pictures: [{ width: 40 }],
      uniformSize: { width: 40, height: 30 },
    })
  })

  it('passes over what is hidden and what systems leave behind', async () => {
    const folder = temporaryFolder()
    fill(folder, {
      '.DS_Store': 'x',
      'Thumbs.db': 'x',
      'desktop.ini': 'x',
      '.hidden.png': png,
      '.git/a.png': png,
      '@eaDir/a.png': png,
      '__MACOSX/a.png': png,
      'seen.png': png,
    })
    expect(await indexFolder(folder)).toMatchObject({
      ignored: 0,
      problems: [],
      pictures: [{ path: join(folder, 'seen.png') }],
    })
  })

  it('opens names with spaces, quotes, emoji and 255 bytes', async () => {
    const folder = temporaryFolder()
    const all = [' a  b .png', `it's.png`, '🏔️👨‍👩‍👧 album/🏔️.png', '日本.png']
    if (process.platform !== 'win32') all.push('"q"\n\\.png', `${'é'.repeat(125)}a.png`)
    fill(folder, Object.fromEntries(all.map((name) => [name, png])))
    const dataset = await indexFolder(folder)
    expect(dataset.problems).toEqual([])
    expect(dataset.pictures.map(({ path }) => path).sort()).toEqual(
      all.map((name) => join(folder, name)).sort(),
    )
  })

  it('lists names that are not Unicode', async ({ skip }) => {
    if (process.platform !== 'linux') skip('other systems allow no such names')
    const folder = temporaryFolder()
    const raw = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')])
    writeFileSync(raw('caf\xe9.png'), png)
    mkdirSync(raw('alb\xfcm'))
    writeFileSync(raw('alb\xfcm/a.png'), png)
    fill(folder, { 'really \ufffd.png': png })
    const dataset = await indexFolder(folder)
    expect(names(dataset)).toEqual(['really \ufffd.png'])
    expect(problems(dataset)).toEqual({ 'caf\ufffd.png': 'unreadable', 'alb\ufffdm': 'unreadable' })
    expect(dataset.problems[0]!.reason).toContain('Rename')
  })

  it('follows links without going in circles or counting twice', async ({ skip }) => {
    if (process.platform === 'win32') skip('links need a privilege')
    const folder = temporaryFolder()
    const outside = temporaryFolder()
    fill(outside, { 'far.png': png, 'more/farther.png': png })
    fill(folder, { 'real/a.png': png, 'b.png': png })
    const link = (to: string, name: string) => symlinkSync(to, join(folder, name))
    link('.', 'loop')
    link('..', 'real/up')
    link('real', 'again')
    link('b.png', 'a link to b.png')
    link(outside, 'outside')
    link(join(outside, 'far.png'), 'z far.png')
    link('nothing', 'broken.png')
    link('self.png', 'self.png')
    link('nothing', 'broken.txt')
    const dataset = await indexFolder(folder)
    expect(names(dataset)).toEqual(['b.png', 'outside/far.png', 'outside/more/farther.png', 'real/a.png'])
    expect(problems(dataset)).toEqual({ 'broken.png': 'unreadable', 'self.png': 'unreadable' })
    expect(dataset.ignored).toBe(1)
    const through = join(outside, 'way in')
    symlinkSync(folder, through)
    expect(names(await indexFolder(through))).toContain('real/a.png')
  })

  it('lists files and folders that may not be read', async ({ skip }) => {
    if (!isRoot) skip('becoming somebody else needs root on Linux')
    const folder = temporaryFolder()
    fill(folder, { 'open.png': png, 'closed.png': png, 'closed/a.png': png })
    chmodSync(folder, 0o755)
    chmodSync(join(folder, 'closed.png'), 0o600)
    chmodSync(join(folder, 'closed'), 0o700)
    const dataset = await asNobody(() => indexFolder(folder))
    expect(names(dataset)).toEqual(['open.png'])
    expect(problems(dataset)).toEqual({ closed: 'not-permitted', 'closed.png': 'not-permitted' })
    await expect(asNobody(() => indexFolder(join(folder, 'closed')))).rejects.toMatchObject({
      code: 'FOLDER_NOT_READABLE',
      message: expect.stringContaining('permission') as string,
    })
  })

  it('knows grey pictures, also when they are stored in colour', async () => {
    const folder = temporaryFolder()
    const grey = imageFrom(samples(8, 50, 50, 1), 50, 50, 1)
    const stored = await grey.clone().png().toBuffer()
    const asColour = sharp(stored).toColourspace('srgb')
    fill(folder, {
      'grey.png': stored,
      'colour.png': await asColour.clone().png().toBuffer(),
      'colour.jpg': await asColour.jpeg().toBuffer(),
    })
    const dataset = await indexFolder(folder)
    expect(dataset.pictures.map(({ channels }) => channels).sort()).toEqual([1, 3, 3])
    expect(dataset.greyscale).toBe(true)
    // One field of colour in a corner is enough.
    const spot = new Uint8Array(600 * 600 * 3).fill(128)
    for (let y = 0; y < 12; y++) for (let x = 0; x < 12; x++) spot[(y * 600 + x) * 3] = 255
    fill(folder, { 'spot.png': await imageFrom(spot, 600, 600, 3).png().toBuffer() })
    expect((await indexFolder(folder)).greyscale).toBe(false)
  })

  it('goes on when a part of the folder vanishes, and says when all of it does', async () => {
    const folder = join(temporaryFolder(), 'drive')
    fill(folder, Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${i % 3}/${i}.png`, png])))
    let moved = false
    const dataset = await indexFolder(folder, {
      onProgress: () => {
        if (!moved) rmSync(join(folder, '2'), { recursive: true })
        moved = true
      },
    })
    expect(names(dataset).filter((name) => !name.startsWith('2/'))).toHaveLength(40)
    expect(dataset.pictures.length + dataset.problems.length).toBeLessThanOrEqual(61)
    let gone = false
    const whole = indexFolder(folder, {
      onProgress: () => {
        if (!gone) renameSync(folder, `${folder} pulled out`)
        gone = true
      },
    })
    await expect(whole).rejects.toMatchObject({
      code: 'FOLDER_NOT_FOUND',
      message: expect.stringContaining('went away') as string,
    })
  })

  it('tells its progress to the end, and can be cancelled', async () => {
    const folder = temporaryFolder()
    fill(folder, Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.png`, png])))
    const told: { found: number; done: number }[] = []
    await indexFolder(folder, { onProgress: (progress) => told.push(progress) })
    expect(told.at(-1)).toEqual({ found: 40, done: 40 })
    told.reduce((before, now) => {
      expect(now.done).toBeGreaterThanOrEqual(before.done)
      expect(now.done).toBeLessThanOrEqual(now.found)
      return now
    })
    const abort = new AbortController()
    const cancelled = indexFolder(folder, { signal: abort.signal, onProgress: () => abort.abort() })
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(indexFolder(folder, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })

  it('leaves the folder as it was', async () => {
    const folder = temporaryFolder()
    fill(folder, { 'a.png': png, 'b/c.jpg': jpeg, 'bad.png': 'bad' })
    const state = () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .sort()
        .map((name) => {
          const { mtimeMs, size, mode } = statSync(join(folder, name))
          return { name, mtimeMs, size, mode }
        })
    const before = state()
    await indexFolder(folder)
    expect(state()).toEqual(before)
    expect(readFileSync(join(folder, 'a.png')).equals(png)).toBe(true)
  })
})

describe('summarise', () => {
  it('counts what adds up', () => {
    const picture = fc.record<PictureInfo>({
      path: fc.uuid(),
      format: fc.constantFrom('png', 'jpeg', 'webp', 'tiff', 'gif', 'avif'),
      width: fc.integer({ min: 16, max: 9999 }),
      height: fc.integer({ min: 16, max: 9999 }),
      channels: fc.constantFrom(1, 3),
      alpha: fc.boolean(),
      bitDepth: fc.constantFrom(8, 16),
      bytes: fc.nat(),
    })
    fc.assert(
      fc.property(fc.array(picture), fc.nat(), (pictures, ignored) => {
        const summary = summarise('an id', {
          folder: '/a',
          more: [],
          pictures,
          problems: [],
          ignored,
          uniformSize: null,
          greyscale: false,
        })
        expect(datasetSummary.parse(summary)).toEqual(summary)
        expect(summary.pictures).toBe(pictures.length)
        expect(Object.values(summary.formats).reduce((sum, count) => sum + count, 0)).toBe(pictures.length)
        for (const count of Object.values(summary.formats)) expect(count).toBeGreaterThan(0)
        const pixels = pictures.reduce((sum, { width, height }) => sum + width * height, 0)
        expect(summary.megapixels * 1e6).toBeCloseTo(pixels, 0)
        expect(summary.ignored).toBe(ignored)
      }),
    )
  })
})
