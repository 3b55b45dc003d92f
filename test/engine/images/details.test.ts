import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportOptions, type ExportFormat } from '../../../shared/domain.ts'
import { decodePicture } from '../../../electron/engine/images/decode.ts'
import { parseDetails, readDetails } from '../../../electron/engine/images/details.ts'
import { exportPicture } from '../../../electron/engine/images/encode.ts'

let folder: string
let shot: string
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-test-'))
  shot = path.join(folder, 'shot.jpg')
  await sharp({ create: { width: 40, height: 30, channels: 3, background: '#486' } })
    .withExif({
      IFD0: { Make: 'Cam & Sons', Model: 'Kamera 3', Copyright: 'Grandma 2020' },
      IFD2: {
        ExposureTime: '1/250',
        FNumber: '28/10',
        ExposureBiasValue: '-1/3',
        ISOSpeedRatings: '400',
        DateTimeOriginal: '2020:01:02 03:04:05',
        UserComment: 'secret notes',
      },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 1234/100' },
    })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(shot)
})
afterAll(() => fs.rm(folder, { recursive: true, force: true }))

const exif = {
  IFD0: { Make: 'Cam & Sons', Model: 'Kamera 3', Copyright: 'Grandma 2020' },
  IFD2: {
    ExposureTime: '1/250',
    FNumber: '28/10',
    ExposureBiasValue: '-1/3',
    ISOSpeedRatings: '400',
    DateTimeOriginal: '2020:01:02 03:04:05',
  },
}
const place = { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 1234/100' }

async function exported(format: ExportFormat, kept: 'none' | 'camera' | 'all'): Promise<string> {
  const file = path.join(folder, `${kept}.${format}`)
  const details = await readDetails(shot, kept)
  await exportPicture(await decodePicture(shot), file, exportOptions.parse({ format }), details)
  return file
}

describe('the details of a photograph', () => {
  it('are read without what is no longer true, and without the place unless it is wanted', async () => {
    expect(await readDetails(shot, 'camera')).toEqual(exif)
    expect(await readDetails(shot, 'all')).toEqual({ ...exif, IFD3: place })
    expect(await readDetails(shot, 'none')).toEqual({})
  })

  it.each(['jpeg', 'png', 'webp', 'avif'] as const)(
    'are the same in a %s that is exported',
    async (format) => {
      expect(await readDetails(await exported(format, 'all'), 'all')).toEqual({ ...exif, IFD3: place })
      const without = await exported(format, 'camera')
      expect(await readDetails(without, 'all')).toEqual(exif)
      const { orientation = 1, width, height } = await sharp(without).metadata()
      // The picture stands upright already.
      expect({ orientation, width, height }).toEqual({ orientation: 1, width: 30, height: 40 })
      expect((await fs.readFile(without)).includes('secret notes')).toBe(false)
      expect(await readDetails(await exported(format, 'none'), 'all')).toEqual({})
    },
  )

  it('that are damaged are none, and stop nothing', async () => {
    const whole = (await sharp(shot).metadata()).exif!
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(60),
        (at, value, cut) => {
          const torn = Buffer.from(whole.subarray(0, whole.length - cut))
          if (at < torn.length) torn[at] = value
          for (const fields of Object.values(parseDetails(torn, 'all'))) {
            for (const text of Object.values(fields as Record<string, string>)) expect(text).not.toBe('')
          }
        },
      ),
      { numRuns: 2000 },
    )
    expect(parseDetails(randomBytes(200), 'all')).toEqual({})
    expect(await readDetails(path.join(folder, 'not there.jpg'), 'all')).toEqual({})
  })
})
