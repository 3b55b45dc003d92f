/** Which files are pictures: by name, and by their first bytes. */
import { extname } from 'node:path'
import type { PictureFormat } from '../../../shared/domain.ts'

const readable = new Set(['png', 'apng', 'jpg', 'jpeg', 'jpe', 'jfif', 'webp', 'tif', 'tiff', 'gif', 'avif'])

const unsupported = new Map<string, string>()
for (const [what, extensions] of [
  ['SVG drawings', 'svg svgz'],
  ['PDF and PostScript documents', 'pdf ps eps ai'],
  ['Videos', 'mp4 m4v mov avi mkv webm mpg mpeg wmv 3gp mts m2ts flv'],
  [
    'Raw files of cameras',
    'raw dng cr2 cr3 crw nef nrw arw srf sr2 orf raf rw2 pef srw x3f 3fr fff iiq erf mef mos kdc dcr rwl',
  ],
  ['HEIC pictures', 'heic heif hif'],
  ['BMP pictures', 'bmp dib'],
  ['Icon files', 'ico cur icns'],
  ['Photoshop, GIMP and Krita documents', 'psd psb xcf kra'],
  ['JPEG XL pictures', 'jxl'],
  ['JPEG 2000 pictures', 'jp2 j2k jpf jpx j2c'],
  ['HDR pictures', 'exr hdr'],
  ['Pictures of this format', 'tga pcx pbm pgm ppm pnm pfm qoi dds fits fit'],
] as const) {
  for (const extension of extensions.split(' ')) unsupported.set(extension, what)
}

export type NameKind = { kind: 'readable' } | { kind: 'unsupported'; reason: string } | { kind: 'other' }

/** What a file is by its extension. */
export function kindByName(path: string): NameKind {
  const extension = extname(path).slice(1).toLowerCase()
  if (readable.has(extension)) return { kind: 'readable' }
  const what = unsupported.get(extension)
  return what === undefined ? { kind: 'other' } : { kind: 'unsupported', reason: cannotRead(what) }
}

function cannotRead(what: string): string {
  return `${what} cannot be read. Save it as PNG, JPEG, WebP or TIFF.`
}

/** The bytes that kindByContent wants from the beginning of a file. */
export const signatureBytes = 64

export type ContentKind = { format: PictureFormat } | { unsupported: string } | { nothing: string }

/** What a file is by its first bytes; `nothing` and `unsupported` give the reason. */
export function kindByContent(head: Uint8Array): ContentKind {
  const text = Buffer.from(head).toString('latin1')
  const at = (signature: string, offset = 0): boolean => text.startsWith(signature, offset)
  if (at('\x89PNG\r\n\x1a\n')) return { format: 'png' }
  if (at('\xff\xd8\xff')) return { format: 'jpeg' }
  if (at('GIF87a') || at('GIF89a')) return { format: 'gif' }
  if (at('RIFF') && at('WEBP', 8)) return { format: 'webp' }
  if (at('II*\0') || at('MM\0*') || at('II+\0') || at('MM\0+')) {
    return at('CR', 8) ? { unsupported: cannotRead('Raw files of cameras') } : { format: 'tiff' }
  }
  if (at('ftyp', 4)) {
    const brands = text.slice(8, Math.max(16, Math.min(head.length, Buffer.from(head).readUInt32BE(0))))
    if (/avi[fs]/.test(brands)) return { format: 'avif' }
    return {
      unsupported: cannotRead(/hei[cxms]|hev[cx]|mif1|msf1/.test(brands) ? 'HEIC pictures' : 'Videos'),
    }
  }
  for (const [signature, what] of [
    ['BM', 'BMP pictures'],
    ['8BPS', 'Photoshop documents'],
    ['%PDF', 'PDF documents'],
    ['\xff\x0a', 'JPEG XL pictures'],
    ['\0\0\0\x0cJXL ', 'JPEG XL pictures'],
    ['\0\0\0\x0cjP  ', 'JPEG 2000 pictures'],
    ['\0\0\x01\0', 'Icon files'],
    ['v/1\x01', 'HDR pictures'],
    ['\x1aE\xdf\xa3', 'Videos'],
  ] as const) {
    if (at(signature))
      return { unsupported: `The name says otherwise, but inside it is another format. ${cannotRead(what)}` }
  }
  const start = text.replace(/^\xef\xbb\xbf/, '').trimStart()
  if (/^<(svg|\?xml[^>]*>\s*(<!--.*?-->\s*)?<(svg|!DOCTYPE svg))/.test(start))
    return { unsupported: cannotRead('SVG drawings') }
  // eslint-disable-next-line no-control-regex
  const printable = !/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text)
  return {
    nothing: printable ? 'It is a text file, not a picture.' : 'It is not a picture, whatever its name says.',
  }
}
