import fs from 'node:fs/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Place } from './run-uphill.ts'

let place: Place
beforeAll(async () => {
  place = await Place.make()
})
afterAll(() => place.remove())

it('the demo makes held-out noisy digits at least 6 dB better and shows it, without touching a person’s own models', async () => {
  const { code, signal, json, err } = await place.run(['demo', '--steps', '200', '--json'])
  expect(err).not.toMatch(/Error/)
  expect({ code, signal }).toEqual({ code: 0, signal: null })
  const { psnrNoisy, psnrRefined, images, teachSeconds, sheet } = json() as Record<string, number> & {
    sheet: string
  }
  expect(psnrNoisy).toBeGreaterThan(13.5)
  expect(psnrNoisy).toBeLessThan(14.5)
  expect(psnrRefined! - psnrNoisy!).toBeGreaterThan(6)
  expect(images).toBe(100)
  expect(teachSeconds).toBeGreaterThan(0)
  expect((await sharp(sheet).metadata()).width).toBeGreaterThan(1000)
  // A machine whose processor can choose a precision remembers the choice: nothing else is kept.
  const kept = await fs.readdir(place.path('home')).catch(() => [])
  expect(kept.filter((name) => name !== 'cache')).toEqual([])

  const again = await place.run(['demo', '--out', 'uphill-demo', '--seconds', '1'])
  expect(again.code).toBe(1)
  expect(again.err).toMatch(/not empty/)
})
