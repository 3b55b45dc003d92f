import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { decodePicture } from '../../../electron/engine/images/decode.ts'
import { exportPicture, showPixels } from '../../../electron/engine/images/encode.ts'
import { exportOptions, type ExportOptions, type ExportFormat } from '../../../shared/domain.ts'
import { mountSmallDisk, temporaryFolder } from '../files/temporary.ts'
import { pixelsOf } from './making.ts'

function options(some: Partial<ExportOptions> = {}): ExportOptions {
  return exportOptions.parse(some)
}

/** Pictures whose values are whole numbers of their depth, in every layout. */
const exactPixels = fc
  .record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
    channels: fc.constantFrom(1 as const, 3 as const),
    bitDepth: fc.constantFrom(8 as const, 16 as const),
    withAlpha: fc.boolean(),
    seed: fc.integer({ min: 1, max: 2 ** 31 }),
  })
  .map(({ width, height, channels, bitDepth, withAlpha, seed }) => {
    const top = bitDepth === 16 ? 65535 : 255
    let state = seed
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      // The ends of the range often: that is where clipping goes wrong.
      return state % 11 === 0 ? 0 : state % 7 === 0 ? 1 : ((state >>> 8) % (top + 1)) / top
    }
    const alpha = withAlpha ? Float32Array.from({ length: width * height }, next) : null
    return pixelsOf(width, height, channels, next, { bitDepth, alpha })
  })

describe('exportPicture', () => {
  it('gives back every value of 8 and 16 bits through PNG and TIFF', async () => {
    const folder = temporaryFolder()
    await fc.assert(
      fc.asyncProperty(
        exactPixels,
        fc.constantFrom('png' as const, 'tiff' as const),
        async (pixels, format) => {
          const path = join(folder, `round.${format}`)
          await exportPicture(pixels, path, options({ format, whenExists: 'replace' }))
          const back = await decodePicture(path)
          expect(back).toEqual(pixels)
          await exportPicture(back, path, options({ format, whenExists: 'replace' }))
          expect(await decodePicture(path)).toEqual(pixels)
        },
      ),
      { numRuns: 120 },
    )
  })

  it('rounds to nearest and clips; what is no number becomes black', async () => {
    const path = join(temporaryFolder(), 'a.png')
    const values = [
      -1,
      -0.001,
      0,
      0.49 / 255,
      0.51 / 255,
      1.49 / 255,
      254.4 / 255,
      254.6 / 255,
      1,
      1.2,
      Infinity,
      -Infinity,
      NaN,
    ]
    await exportPicture(
      pixelsOf(values.length, 1, 1, (i) => values[i]!),
      path,
      options(),
    )
    const { data } = await decodePicture(path)
    expect(Array.from(data, (value) => Math.round(value * 255))).toEqual([
      0, 0, 0, 0, 1, 1, 254, 255, 255, 255, 255, 0, 0,
    ])
  })

  it.each(['png', 'jpeg', 'webp', 'tiff', 'avif'] as const)(
    'writes %s that is what it says, near to the picture',
    async (format: ExportFormat) => {
      const folder = temporaryFolder()
      for (const channels of [1, 3] as const) {
        const pixels = pixelsOf(64, 48, channels, (i) => 0.5 + 0.4 * Math.sin(i / (64 * channels) / 9))
        const path = join(folder, `${channels}.${format}`)
        const written = await exportPicture(pixels, path, options({ format }))
        expect(written).toEqual({ path, bytes: statSync(path).size })
        const metadata = await sharp(path).metadata()
        expect(metadata).toMatchObject({ format: format === 'avif' ? 'heif' : format, width: 64, height: 48 })
        const back = await decodePicture(path, { channels })
        let worst = 0
        for (let i = 0; i < pixels.data.length; i++)
          worst = Math.max(worst, Math.abs(back.data[i]! - pixels.data[i]!))
        expect(worst).toBeLessThan(0.04)
      }
      expect(readdirSync(folder)).toHaveLength(2)
    },
  )

  it('keeps alpha where the format can, and lays a JPEG on white', async () => {
    const folder = temporaryFolder()
    const alpha = Float32Array.from({ length: 32 * 32 }, (_, i) => (i % 32 < 16 ? 0 : 1))
    const pixels = pixelsOf(32, 32, 3, () => 0.2, { alpha })
    for (const format of ['png', 'webp', 'tiff', 'avif'] as const) {
      const { path } = await exportPicture(pixels, join(folder, `a.${format}`), options({ format }))
      const back = await decodePicture(path)
      expect(back.alpha?.[5]).toBe(0)
      expect(back.alpha?.[25]).toBe(1)
    }
    const { path } = await exportPicture(pixels, join(folder, 'a.jpg'), options({ format: 'jpeg' }))
    const back = await decodePicture(path)
    expect(back.alpha).toBeNull()
    expect(back.data[3 * 3]).toBeGreaterThan(0.97)
    expect(Math.abs(back.data[28 * 3]! - 0.2)).toBeLessThan(0.03)
  })

  it('makes smaller files at lower quality', async () => {
    const folder = temporaryFolder()
    const pixels = pixelsOf(96, 96, 3, (i) => Math.abs(Math.sin(i * 1.7) * Math.cos(i / 31)))
    for (const format of ['jpeg', 'webp', 'avif'] as const) {
      const sizes: number[] = []
      for (const quality of [20, 95]) {
        const { bytes } = await exportPicture(
          pixels,
          join(folder, `${quality}.${format}`),
          options({ format, quality }),
        )
        sizes.push(bytes)
      }
      expect(sizes[0]).toBeLessThan(sizes[1]!)
    }
  })

  it('refuses, numbers or replaces what is there, as told', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'name.png')
    const grey = (value: number) => pixelsOf(20, 20, 1, () => value)
    await exportPicture(grey(0), path, options())
    await expect(exportPicture(grey(1), path, options())).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    expect((await decodePicture(path)).data[0]).toBe(0)
    const paths = await Promise.all(
      [1, 2, 3].map(() => exportPicture(grey(1), path, options({ whenExists: 'number' }))),
    )
    expect(paths.map((written) => written.path).sort()).toEqual(
      ['name (2).png', 'name (3).png', 'name (4).png'].map((name) => join(folder, name)),
    )
    expect((await decodePicture(path)).data[0]).toBe(0)
    await exportPicture(grey(1), path, options({ whenExists: 'replace' }))
    expect((await decodePicture(path)).data[0]).toBe(1)
    expect(readdirSync(folder)).toHaveLength(4)
  })

  it('numbers a name of 255 bytes', async ({ skip }) => {
    if (process.platform !== 'linux') skip('elsewhere the limit is counted in characters')
    const folder = temporaryFolder()
    const path = join(folder, `${'é'.repeat(125)}a.png`)
    const pixels = pixelsOf(20, 20, 1, () => 0.5)
    await exportPicture(pixels, path, options())
    const second = await exportPicture(pixels, path, options({ whenExists: 'number' }))
    expect(second.path).toBe(join(folder, `${'é'.repeat(123)} (2).png`))
  })

  it('says that the disk is full, and leaves nothing behind', async ({ skip }) => {
    const disk = temporaryFolder()
    if (!mountSmallDisk(disk, '64k')) skip('mounting a small disk needs root on Linux')
    const noise = pixelsOf(300, 300, 3, (i) => Math.abs(Math.sin(i * i)))
    for (const whenExists of ['fail', 'number', 'replace'] as const) {
      await expect(exportPicture(noise, join(disk, 'a.png'), options({ whenExists }))).rejects.toMatchObject({
        code: 'DISK_FULL',
        message: expect.stringContaining('“a.png”') as string,
      })
    }
    expect(readdirSync(disk)).toEqual([])
  })

  it('says what a format cannot hold', async () => {
    const folder = temporaryFolder()
    const wide = pixelsOf(16_384, 1, 1, () => 0)
    await expect(
      exportPicture(wide, join(folder, 'a.webp'), options({ format: 'webp' })),
    ).rejects.toMatchObject({
      code: 'PICTURE_TOO_LARGE',
      message: expect.stringContaining('16,383') as string,
    })
    await exportPicture(wide, join(folder, 'a.png'), options())
    await expect(exportPicture(wide, join(folder, 'no', 'a.png'), options())).rejects.toMatchObject({
      code: 'FOLDER_NOT_FOUND',
    })
  })
})

describe('showPixels', () => {
  it('shows every pixel as it is when it fits', async () => {
    const pixels = pixelsOf(40, 30, 3, (i) => (i % 256) / 255, {
      alpha: Float32Array.from({ length: 1200 }, (_, i) => (i % 256) / 255),
    })
    const shown = await showPixels(pixels, 40)
    expect(shown).toMatchObject({ mime: 'image/png', width: 40, height: 30 })
    const path = join(temporaryFolder(), 'shown.png')
    writeFileSync(path, shown.bytes)
    expect(await decodePicture(path)).toEqual(pixels)
  })

  it('scales larger ones down, of 16 bits too', async () => {
    const pixels = pixelsOf(400, 100, 1, () => 0.5, { bitDepth: 16 })
    const shown = await showPixels(pixels, 100)
    expect(shown).toMatchObject({ width: 100, height: 25 })
    expect(await sharp(shown.bytes).metadata()).toMatchObject({ depth: 'uchar', channels: 1 })
  })
})

it('never replaces a folder', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'a.png'))
  const pixels = pixelsOf(20, 20, 1, () => 0.5)
  await expect(
    exportPicture(pixels, join(folder, 'a.png'), options({ whenExists: 'replace' })),
  ).rejects.toMatchObject({
    code: 'NOT_WRITABLE',
  })
  const { path } = await exportPicture(pixels, join(folder, 'a.png'), options({ whenExists: 'number' }))
  expect(path).toBe(join(folder, 'a (2).png'))
})
