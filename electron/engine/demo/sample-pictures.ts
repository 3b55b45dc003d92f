/** The bundled sample pictures, unpacked into real files, as a person's own folder would be. */
import fs from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { UphillError, throwIfCancelled } from '../../../shared/errors.ts'
import { toFileError } from '../files/atomic.ts'
import { gaussianGenerator } from '../learning/noise.ts'

const side = 28
const columns = 80
/** Digits in the sheet. */
export const sampleCount = 4000

/** The sheet lies beside the engine's folder when packaged, and in resources/ at the top of a clone. */
async function findSheet(): Promise<string> {
  const here = path.dirname(fileURLToPath(import.meta.url))
  const candidates = ['..', '../../resources', '../../../resources'].map((folder) =>
    path.join(here, folder, 'samples/digits.png'),
  )
  for (const candidate of candidates) {
    if (await fs.stat(candidate).catch(() => null)) return candidate
  }
  throw new UphillError(
    'FILE_NOT_FOUND',
    'The sample pictures are missing from this installation.',
    'Install Uphill again.',
  )
}

/**
 * Makes `folder` with digits `from` to `to` (of sampleCount) as 28 x 28 greyscale PNG files. The folder appears
 * when it is complete; one that is there already is left as it is.
 * @throws UphillError CANCELLED, DISK_FULL, NOT_WRITABLE
 */
export async function unpackSamples(
  folder: string,
  from: number,
  to: number,
  run: {
    signal?: AbortSignal | undefined
    onProgress?: (done: number, of: number) => void
    /** Standard deviation of Gaussian noise to add, in 0..1; the same every time. */
    noise?: number
  } = {},
): Promise<void> {
  if (await fs.stat(folder).catch(() => null)) return
  const sheet = await sharp(await findSheet())
    .toColourspace('b-w')
    .raw()
    .toBuffer()
  const temporary = `${folder}.unpacking-${process.pid}`
  try {
    await fs.mkdir(temporary, { recursive: true })
    const normal = gaussianGenerator(1)
    const noise = 255 * (run.noise ?? 0)
    for (let index = from; index < to; index++) {
      throwIfCancelled(run.signal)
      const raw = { width: side, height: side, channels: 1 } as const
      const name = `digit-${index % 10}-${String(index).padStart(4, '0')}.png`
      const clean = cut(sheet, index)
      const pixels = noise > 0 ? clean.map((value) => clipped(value + noise * normal())) : clean
      await sharp(pixels, { raw }).toColourspace('b-w').png().toFile(path.join(temporary, name))
      run.onProgress?.(index + 1 - from, to - from)
    }
    await fs.rename(temporary, folder)
  } catch (error) {
    await fs.rm(temporary, { recursive: true, force: true })
    throw toFileError(error, folder, 'unpack the sample pictures')
  }
}

const clipped = (value: number): number => Math.round(Math.min(255, Math.max(0, value)))

function cut(sheet: Buffer, index: number): Buffer {
  const width = columns * side
  const x0 = (index % columns) * side
  const y0 = Math.floor(index / columns) * side
  const rows = Array.from({ length: side }, (_, y) =>
    sheet.subarray((y0 + y) * width + x0, (y0 + y) * width + x0 + side),
  )
  return Buffer.concat(rows)
}
