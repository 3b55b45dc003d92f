import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  decodeBytes8,
  decodePicture,
  decodeThumbnail,
  readPictureInfo,
} from '../../../electron/engine/images/decode.ts'
import { toGrey } from '../../../electron/engine/images/colour.ts'
import { UphillError } from '../../../shared/errors.ts'
import { asNobody, isRoot, temporaryFolder } from '../files/temporary.ts'
import { hugePng, imageFrom, photo, samples, withProfile } from './making.ts'

/** Top left, top right, bottom left, bottom right of a picture of four fields. */
const [red, green, blue, white] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
] as const

function fields(width: number, height: number) {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const right = x >= width / 2
      data.set(y < height / 2 ? (right ? green : red) : right ? white : blue, (y * width + x) * 3)
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
}

function corner(
  { width, height, data }: { width: number; height: number; data: ArrayLike<number> },
  right: boolean,
  low: boolean,
) {
  const at = ((low ? height - 3 : 2) * width + (right ? width - 3 : 2)) * 3
  return [0, 1, 2].map((i) => Math.round(data[at + i]! * (data instanceof Float32Array ? 255 : 1)))
}

/** By EXIF orientation 1 to 8: degrees clockwise, then mirrored or not. */
const turnsBack: [number, boolean][] = [
  [0, false],
  [0, true],
  [180, false],
  [180, true],
  [90, true],
  [270, false],
  [270, true],
  [90, false],
]

describe('decodePicture', () => {
  it.each([8, 16] as const)(
    'gives every value of a %i-bit PNG and TIFF, grey and colour, with and without alpha',
    async (bitDepth) => {
      const folder = temporaryFolder()
      const top = bitDepth === 16 ? 65535 : 255
      for (const bands of [1, 2, 3, 4] as const) {
        const data = samples(bitDepth, 37, 23, bands)
        for (const name of ['a.png', 'a.tiff']) {
          const path = join(folder, `${bands}${name}`)
          const image = imageFrom(data, 37, 23, bands)
          await (name === 'a.png' ? image.png() : image.tiff({ compression: 'lzw' })).toFile(path)
          const pixels = await decodePicture(path)
          const channels = bands < 3 ? 1 : 3
          expect(pixels).toMatchObject({ width: 37, height: 23, channels, bitDepth, icc: null })
          const colour = data.filter((_, i) => bands % 2 === 1 || i % bands < channels)
          expect(Array.from(pixels.data, (value) => Math.round(value * top))).toEqual([...colour])
          const alpha = bands % 2 === 1 ? null : [...data.filter((_, i) => i % bands === channels)]
          expect(pixels.alpha && Array.from(pixels.alpha, (value) => Math.round(value * top))).toEqual(alpha)
        }
      }
    },
  )

  it('turns the picture upright, and says its size as it is seen', async () => {
    const folder = temporaryFolder()
    for (let orientation = 1; orientation <= 8; orientation++) {
      const path = join(folder, `${orientation}.png`)
      // Turned the other way in the file, so that the camera's note makes it right.
      const [angle, flop] = turnsBack[orientation - 1]!
      const rotated = await sharp(await fields(40, 20).png().toBuffer())
        .rotate(angle)
        .png()
        .toBuffer()
      const turned = await sharp(rotated).flop(flop).png().toBuffer()
      await sharp(turned).withMetadata({ orientation }).png().toFile(path)
      expect(await readPictureInfo(path)).toMatchObject({ width: 40, height: 20 })
      const pixels = await decodePicture(path)
      expect(pixels).toMatchObject({ width: 40, height: 20 })
      const seen = [
        corner(pixels, false, false),
        corner(pixels, true, false),
        corner(pixels, false, true),
        corner(pixels, true, true),
      ]
      expect([orientation, ...seen]).toEqual([orientation, red, green, blue, white])
      expect(corner(await decodeBytes8(path, 3), true, false)).toEqual(green)
      expect(await decodeThumbnail(path, 20)).toMatchObject({ width: 20, height: 10 })
    }
  })

  it('gives the colours of a CMYK JPEG and of other profiles in sRGB', async () => {
    const folder = temporaryFolder()
    const cmyk = join(folder, 'cmyk.jpg')
    await fields(64, 64).toColourspace('cmyk').jpeg({ quality: 100 }).toFile(cmyk)
    expect(await readPictureInfo(cmyk)).toMatchObject({ channels: 3, alpha: false, bitDepth: 8 })
    const [r, g, b] = corner(await decodePicture(cmyk), false, false) as [number, number, number]
    expect(r).toBeGreaterThan(180)
    expect(Math.max(g, b)).toBeLessThan(90)

    const p3 = join(folder, 'p3.png')
    const plain = await photo(64, 64).linear(0.5, 60).png().toBuffer()
    await sharp(plain).withIccProfile('p3').toFile(p3)
    const wanted = await sharp(plain).raw().toBuffer()
    const pixels = await decodePicture(p3)
    expect(pixels.icc).toBeNull()
    for (let i = 0; i < wanted.length; i++)
      expect(Math.abs(pixels.data[i]! * 255 - wanted[i]!)).toBeLessThanOrEqual(2)
  })

  it('converts 16 bits with a profile as exactly as 8', async () => {
    const folder = temporaryFolder()
    const paths = [8, 16].map((depth) => join(folder, `p3-${depth}.png`)) as [string, string]
    // The same stored values, said to be Display P3, in both depths.
    const stored = samples(8, 32, 32, 3).map((value) => 60 + (value >> 1))
    const p3 = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#888' } })
      .withIccProfile('p3')
      .png()
      .toBuffer()
    const { icc } = await sharp(p3).metadata()
    const eight = await imageFrom(stored, 32, 32, 3).png().toBuffer()
    const sixteen = await imageFrom(
      Uint16Array.from(stored, (value) => value * 257),
      32,
      32,
      3,
    )
      .png()
      .toBuffer()
    writeFileSync(paths[0], withProfile(eight, icc!))
    writeFileSync(paths[1], withProfile(sixteen, icc!))
    const [a, b] = await Promise.all(paths.map((path) => decodePicture(path)))
    expect([a!.bitDepth, b!.bitDepth]).toEqual([8, 16])
    let changed = 0
    for (let i = 0; i < stored.length; i++) {
      expect(Math.abs(a!.data[i]! - b!.data[i]!) * 255).toBeLessThan(0.75)
      if (Math.abs(b!.data[i]! * 255 - stored[i]!) > 3) changed++
    }
    expect(changed).toBeGreaterThan(stored.length / 10)
    const bytes = await decodeBytes8(paths[1], 3)
    for (let i = 0; i < stored.length; i++)
      expect(Math.abs(bytes.data[i]! - b!.data[i]! * 255)).toBeLessThanOrEqual(0.5001)
  })

  it('keeps 16-bit values exactly when their profile is sRGB', async () => {
    const path = join(temporaryFolder(), 'srgb.png')
    const data = samples(16, 32, 32, 3)
    const one = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#888' } })
      .withIccProfile('srgb')
      .png()
      .toBuffer()
    writeFileSync(
      path,
      withProfile(await imageFrom(data, 32, 32, 3).png().toBuffer(), (await sharp(one).metadata()).icc!),
    )
    expect((await sharp(path).metadata()).hasProfile).toBe(true)
    const pixels = await decodePicture(path)
    expect(Array.from(pixels.data, (value) => Math.round(value * 65535))).toEqual([...data])
  })

  it('makes one channel of three by luminance, and three of one', async () => {
    const folder = temporaryFolder()
    const colour = join(folder, 'colour.png')
    const grey = join(folder, 'grey.png')
    await photo(50, 40).png().toFile(colour)
    await photo(50, 40).toColourspace('b-w').png().toFile(grey)
    const one = await decodePicture(colour, { channels: 1 })
    const bytes = await decodeBytes8(colour, 1)
    expect(one.channels).toBe(1)
    for (let i = 0; i < bytes.data.length; i++)
      expect(Math.abs(one.data[i]! * 255 - bytes.data[i]!)).toBeLessThan(1.01)
    const three = await decodePicture(grey, { channels: 3 })
    expect([...toGrey(three.data)]).toEqual([...(await decodePicture(grey)).data])
  })

  it('takes the first frame of moving pictures, and drops an alpha that a GIF only claims', async () => {
    const folder = temporaryFolder()
    const frames = await Promise.all(
      ['#ff0000', '#00ff00', '#0000ff'].map((background) =>
        sharp({ create: { width: 32, height: 24, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    )
    for (const name of ['moving.gif', 'moving.webp']) {
      const path = join(folder, name)
      await sharp(frames, { join: { animated: true } }).toFile(path)
      expect((await sharp(path).metadata()).pages).toBe(3)
      expect(await readPictureInfo(path)).toMatchObject({ width: 32, height: 24 })
      const pixels = await decodePicture(path)
      expect(pixels).toMatchObject({ width: 32, height: 24, alpha: null })
      expect(corner(pixels, false, false)[0]).toBeGreaterThan(240)
      expect(corner(pixels, true, true)[1]).toBeLessThan(15)
    }
  })

  it('goes by what is in the file, not by its name', async () => {
    const path = join(temporaryFolder(), 'really a jpeg.png')
    writeFileSync(path, await photo(40, 30).jpeg().toBuffer())
    expect(await readPictureInfo(path)).toMatchObject({ format: 'jpeg', width: 40, height: 30 })
  })

  it('shows a picture as it is now, not as it was', async () => {
    const path = join(temporaryFolder(), 'changing.png')
    for (const value of [10, 200]) {
      writeFileSync(
        path,
        await imageFrom(new Uint8Array(32 * 32).fill(value), 32, 32, 1)
          .png()
          .toBuffer(),
      )
      expect(Math.round((await decodePicture(path)).data[0]! * 255)).toBe(value)
      expect(await decodeThumbnail(path, 32)).toMatchObject({ width: 32 })
    }
  })

  it('leaves the original untouched', async () => {
    const path = join(temporaryFolder(), 'a.jpg')
    writeFileSync(path, await photo(100, 80).jpeg().toBuffer())
    const before = readFileSync(path)
    await chmod(path, 0o444)
    await decodePicture(path)
    await decodeThumbnail(path, 50)
    await decodeBytes8(path, 3, { maxSide: 40 })
    expect(readFileSync(path).equals(before)).toBe(true)
  })
})

describe('decodeThumbnail', () => {
  it('makes large pictures small and leaves small ones as they are', async () => {
    const folder = temporaryFolder()
    await photo(800, 400).jpeg().toFile(join(folder, 'large.jpg'))
    await photo(28, 28).png().toFile(join(folder, 'small.png'))
    const large = await decodeThumbnail(join(folder, 'large.jpg'), 160)
    expect(large).toMatchObject({ mime: 'image/webp', width: 160, height: 80 })
    expect((await sharp(large.bytes).metadata()).format).toBe('webp')
    const small = await decodeThumbnail(join(folder, 'small.png'), 160)
    expect(small).toMatchObject({ mime: 'image/png', width: 28, height: 28 })
    const wanted = await sharp(join(folder, 'small.png')).raw().toBuffer()
    expect((await sharp(small.bytes).raw().toBuffer()).equals(wanted)).toBe(true)
  })
})

describe('decodeBytes8', () => {
  it('lays transparent pictures on white', async () => {
    const path = join(temporaryFolder(), 'glass.png')
    const half = new Uint8Array(20 * 20 * 4).map((_, i) => [0, 100, 200, 128][i % 4]!)
    await imageFrom(half, 20, 20, 4).png().toFile(path)
    const { data } = await decodeBytes8(path, 3)
    expect(data).toHaveLength(20 * 20 * 3)
    const wanted = [0, 100, 200].map((value) => (value * 128 + 255 * 127) / 255)
    wanted.forEach((value, i) => expect(Math.abs(data[i]! - value)).toBeLessThan(1))
  })

  it('rounds 16 bits to the nearest of 8, grey included', async () => {
    const path = join(temporaryFolder(), 'deep.png')
    const data = samples(16, 32, 32, 1)
    await imageFrom(data, 32, 32, 1).png().toFile(path)
    const bytes = await decodeBytes8(path, 1)
    expect([...bytes.data]).toEqual(Array.from(data, (value) => Math.round(value / 257)))
  })

  it('fits into a side when asked, and never enlarges', async () => {
    const path = join(temporaryFolder(), 'a.jpg')
    await photo(300, 200).jpeg().toFile(path)
    expect(await decodeBytes8(path, 3, { maxSide: 150 })).toMatchObject({ width: 150, height: 100 })
    expect(await decodeBytes8(path, 3, { maxSide: 999 })).toMatchObject({ width: 300, height: 200 })
  })
})

describe('what cannot be opened', () => {
  const readers = [
    readPictureInfo,
    decodePicture,
    (path: string) => decodeThumbnail(path, 64),
    (path: string) => decodeBytes8(path, 3),
  ]

  async function refusal(path: string) {
    const results = await Promise.allSettled(readers.map((read) => read(path)))
    return results.map((result) => {
      if (result.status === 'rejected' && result.reason instanceof UphillError) return result.reason
      throw new Error(`${path} should have been refused`)
    })
  }

  it('is told from the header when it is a bomb, with its size', async () => {
    const path = join(temporaryFolder(), 'bomb.png')
    hugePng(path, 30_000, 30_000)
    for (const error of await refusal(path)) {
      expect(error.code).toBe('PICTURE_TOO_LARGE')
      expect(error.message).toContain('30,000 x 30,000 pixels (900 megapixels)')
      expect(error.message).toContain('400 megapixels')
    }
    const fine = join(temporaryFolder(), 'fine.png')
    await photo(100, 100).png().toFile(fine)
    await expect(decodePicture(fine, { maxPixels: 9999 })).rejects.toMatchObject({
      code: 'PICTURE_TOO_LARGE',
    })
  })

  it('is refused before it is decoded when memory has no room for it, with its size and what it takes', async () => {
    // There are no pixels in the file: decoded, it would be called damaged.
    const path = join(temporaryFolder(), 'large.png')
    hugePng(path, 20_000, 15_000)
    await expect(decodePicture(path, { room: 2e9 })).rejects.toMatchObject({
      code: 'PICTURE_TOO_LARGE',
      message:
        '“large.png” cannot be opened. The picture has 20,000 x 15,000 pixels (300 megapixels); ' +
        'that takes 4.5 GB of memory, and 2.0 GB can be had.',
    })
    const fine = join(temporaryFolder(), 'fine.png')
    await photo(100, 100).png().toFile(fine)
    await expect(decodePicture(fine, { room: 149_999 })).rejects.toMatchObject({ code: 'PICTURE_TOO_LARGE' })
    await expect(decodePicture(fine, { room: 150_000 })).resolves.toMatchObject({ width: 100 })
  })

  it('is told apart: empty, text, gone, a folder, a drawing, a pipe', async () => {
    const folder = temporaryFolder()
    const at = (name: string, content: string | Buffer) => {
      writeFileSync(join(folder, name), content)
      return join(folder, name)
    }
    const cases: [string, string, RegExp][] = [
      [at('empty.png', ''), 'PICTURE_UNREADABLE', /“empty.png”.*empty \(0 bytes\)/],
      [at('text.png', 'Dear diary'), 'PICTURE_UNREADABLE', /text file/],
      [at('noise.jpg', Buffer.from(samples(8, 30, 30, 1))), 'PICTURE_UNREADABLE', /not a picture/],
      [at('drawing.png', '<?xml version="1.0"?>\n<svg width="9" height="9"/>'), 'PICTURE_UNREADABLE', /SVG/],
      [at('drawing.svg', '<svg width="9" height="9"/>'), 'PICTURE_UNREADABLE', /SVG/],
      [at('bitmap.png', 'BM and so on'), 'PICTURE_UNREADABLE', /BMP/],
      [join(folder, 'gone.png'), 'FILE_NOT_FOUND', /not there/],
      [folder, 'PICTURE_UNREADABLE', /folder/],
    ]
    if (process.platform !== 'win32') {
      execFileSync('mkfifo', [join(folder, 'pipe.png')])
      cases.push([join(folder, 'pipe.png'), 'PICTURE_UNREADABLE', /pipe/])
    }
    for (const [path, code, message] of cases) {
      for (const error of await refusal(path)) {
        expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string })
        expect(error.next).not.toBe('')
      }
    }
  })

  it('is every format when it is cut short', async () => {
    const folder = temporaryFolder()
    for (const format of ['png', 'jpeg', 'webp', 'tiff', 'gif', 'avif'] as const) {
      const whole = await photo(240, 180).toFormat(format).toBuffer()
      for (const share of [0.05, 0.5, 0.95]) {
        const path = join(folder, `${share}.${format}`)
        writeFileSync(path, whole.subarray(0, Math.floor(whole.length * share)))
        await expect(decodePicture(path), `${format} ${share}`).rejects.toMatchObject({
          code: 'PICTURE_UNREADABLE',
          message: expect.stringMatching(/damaged|not a picture/) as string,
        })
      }
    }
  })

  it('is a picture of floating-point values, told as such', async () => {
    const path = join(temporaryFolder(), 'float.tiff')
    await photo(32, 32).toColourspace('scrgb').tiff({ compression: 'none' }).toFile(path)
    await expect(decodePicture(path)).rejects.toMatchObject({
      message: expect.stringContaining('32 bits') as string,
    })
  })

  it('is a file that may not be read', async ({ skip }) => {
    if (!isRoot) skip('becoming somebody else needs root on Linux')
    const folder = temporaryFolder()
    await chmod(folder, 0o755)
    const path = join(folder, 'closed.png')
    await photo(32, 32).png().toFile(path)
    await chmod(path, 0o600)
    for (const error of await asNobody(() => refusal(path))) {
      expect(error).toMatchObject({
        code: 'PICTURE_UNREADABLE',
        message: expect.stringContaining('permission') as string,
      })
    }
  })

  it('is not a name: spaces, quotes, emoji, brackets and 255 bytes are fine', async () => {
    const folder = temporaryFolder()
    const original = join(folder, 'plain.png')
    await photo(40, 30).png().toFile(original)
    const names = [
      ' two  spaces .png',
      'emoji 🏔️👨‍👩‍👧.png',
      'brackets[page=2].png',
      'naïve-Ünïcödé-日本.png',
      "it's.png",
    ]
    if (process.platform !== 'win32') names.push(`"quoted" \\ and\nmore?.png`, `${'é'.repeat(125)}a.png`)
    for (const name of names) {
      const path = join(folder, name)
      copyFileSync(original, path)
      expect(await decodePicture(path)).toMatchObject({ width: 40, height: 30 })
      expect(await readPictureInfo(path)).toMatchObject({ path, width: 40 })
    }
  })
})
