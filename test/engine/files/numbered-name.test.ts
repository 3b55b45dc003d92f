import { basename, join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { numberedPath } from '../../../electron/engine/files/numbered-name.ts'

it('puts the number before the extension', () => {
  const at = (name: string) => join('/a.b', name)
  expect(numberedPath(at('name.png'), 1)).toBe(at('name.png'))
  expect(numberedPath(at('name.png'), 2)).toBe(at('name (2).png'))
  expect(numberedPath(at('name.tar.gz'), 3)).toBe(at('name.tar (3).gz'))
  expect(numberedPath(at('name'), 2)).toBe(at('name (2)'))
  expect(numberedPath(at('.name'), 2)).toBe(at('.name (2)'))
})

it('cuts no emoji in half', () => {
  const family = '👨‍👩‍👧'
  const name = basename(numberedPath(`/${family.repeat(13)}abcdefghi.png`, 2))
  expect(name).toBe(`${family.repeat(13)}abcdefghi (2).png`)
  const longer = basename(numberedPath(`/${family.repeat(13)}${'a'.repeat(17)}.png`, 2))
  expect(longer).toMatch(/a{13} \(2\)\.png$/)
  expect(basename(numberedPath(`/${family.repeat(14)}.png`, 2))).toBe(`${family.repeat(13)} (2).png`)
})

it('gives names of at most 255 bytes, all different, with the extension kept', () => {
  const stem = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
    .filter((text) => !/[/\\\0]/.test(text))
  fc.assert(
    fc.property(stem, fc.integer({ min: 2, max: 99_999 }), (text, number) => {
      const first = basename(numberedPath(`/x${text}.png`, number))
      expect(Buffer.byteLength(first)).toBeLessThanOrEqual(255)
      expect(first.endsWith(` (${number}).png`)).toBe(true)
      expect(first).not.toBe(basename(numberedPath(`/x${text}.png`, number + 1)))
    }),
    { numRuns: 300 },
  )
})
