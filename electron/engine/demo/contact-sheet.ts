/** One picture that shows what a walk does: before, after and truth side by side, and what was dreamed. */
import sharp, { type OverlayOptions } from 'sharp'
import { type Pixels, imageOf } from '../images/pixels.ts'

export interface SheetRow {
  before: Pixels
  after: Pixels
  truth: Pixels
}

const zoom = 3
const gap = 6
const margin = 28
const groupsPerLine = 5
const colours = { ground: '#1b1d1f', text: '#e8e8e6', faint: '#9a9c9e' }

/**
 * @param rows pictures of one size, greyscale or colour, at most a few dozen
 * @param dreams pictures of the same size
 * @returns PNG bytes
 */
export async function contactSheet(
  rows: readonly SheetRow[],
  dreams: readonly Pixels[],
  captions: { title: string; figures: string; groups: string; dreams: string },
): Promise<Buffer> {
  const size = rows[0]!.truth
  const cell = { width: size.width * zoom, height: size.height * zoom }
  const group = 3 * (cell.width + gap) + 2 * gap
  const lines = Math.ceil(rows.length / groupsPerLine)
  const dreamsPerLine = Math.floor((groupsPerLine * group) / (cell.width + gap))
  const dreamLines = Math.ceil(dreams.length / dreamsPerLine)
  const top = margin + 64
  const dreamTop = top + 24 + lines * (cell.height + gap) + 36
  const width = 2 * margin + groupsPerLine * group - 2 * gap
  const height = dreamTop + (dreams.length > 0 ? dreamLines * (cell.height + gap) : -24) + margin
  const layers: OverlayOptions[] = []
  const place = async (pixels: Pixels, left: number, y: number): Promise<void> => {
    const input = await imageOf(pixels, 8)
      .resize(cell.width, cell.height, { kernel: 'nearest' })
      .png()
      .toBuffer()
    layers.push({ input, left, top: y })
  }
  for (const [index, row] of rows.entries()) {
    const left = margin + (index % groupsPerLine) * group
    const y = top + 24 + Math.floor(index / groupsPerLine) * (cell.height + gap)
    await place(row.before, left, y)
    await place(row.after, left + cell.width + gap, y)
    await place(row.truth, left + 2 * (cell.width + gap), y)
  }
  for (const [index, pixels] of dreams.entries()) {
    await place(
      pixels,
      margin + (index % dreamsPerLine) * (cell.width + gap),
      dreamTop + Math.floor(index / dreamsPerLine) * (cell.height + gap),
    )
  }
  const text = (x: number, y: number, fontSize: number, fill: string, words: string): string =>
    `<text x="${x}" y="${y}" font-size="${fontSize}" fill="${fill}">${escaped(words)}</text>`
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans, Liberation Sans, Arial, sans-serif">`,
    text(margin, margin + 14, 20, colours.text, captions.title),
    text(margin, margin + 40, 14, colours.faint, captions.figures),
    text(margin, top + 14, 13, colours.faint, captions.groups),
    dreams.length > 0 ? text(margin, dreamTop - 12, 13, colours.faint, captions.dreams) : '',
    '</svg>',
  ].join('')
  return sharp({ create: { width, height, channels: 3, background: colours.ground } })
    .composite([...layers, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png()
    .toBuffer()
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
