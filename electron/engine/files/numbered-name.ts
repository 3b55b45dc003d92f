import { basename, dirname, extname, join } from 'node:path'

/** What a name may have on the common file systems, in UTF-8. */
const longestName = 255

/**
 * The path with a number before its extension: `name (2).png`. 1 is the path as it is.
 * A long name is shortened by whole characters so that it still has at most 255 bytes.
 */
export function numberedPath(path: string, number: number): string {
  if (number <= 1) return path
  const name = basename(path)
  const found = extname(name)
  // Something this long is no extension but a name with a dot in it.
  const extension = Buffer.byteLength(found) <= 32 ? found : ''
  const ending = ` (${number})${extension}`
  const room = longestName - Buffer.byteLength(ending)
  const stem = shorten(name.slice(0, name.length - extension.length), room)
  return join(dirname(path), `${stem}${ending}`)
}

function shorten(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let short = ''
  let used = 0
  // By grapheme: half an emoji is another character.
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += Buffer.byteLength(segment)
    if (used > bytes) break
    short += segment
  }
  return short.trimEnd()
}
