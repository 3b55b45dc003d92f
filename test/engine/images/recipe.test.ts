import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Recipe, exportOptions, walkOptions } from '../../../shared/domain.ts'
import { exportPicture } from '../../../electron/engine/images/encode.ts'
import { parseRecipe, readRecipe, recipeXmp } from '../../../electron/engine/images/recipe.ts'

let folder: string
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-test-'))
})
afterAll(() => fs.rm(folder, { recursive: true, force: true }))

const recipe: Recipe = {
  version: 1,
  model: { id: 'digits-1', name: `“Ziffern” <für> 'alle' & 😀 "quoted"` },
  walk: walkOptions.parse({ sigma: 0.1234, steps: 7, churn: 0.25, seed: 42 }),
  step: 5,
  amount: 0.8,
}

describe('a recipe', () => {
  it.each(['png', 'jpeg', 'webp', 'tiff', 'avif'] as const)('travels in a %s', async (format) => {
    const file = path.join(folder, `a.${format}`)
    const data = new Float32Array(32 * 32).fill(0.5)
    const pixels = { width: 32, height: 32, channels: 1, data, alpha: null, bitDepth: 8, icc: null } as const
    await exportPicture(pixels, file, exportOptions.parse({ format, recipe }))
    expect(await readRecipe(file)).toEqual(recipe)
  })

  it('survives any name that a model can have', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), (text) => {
        const name = text.trim() || 'x'
        const read = parseRecipe(recipeXmp({ ...recipe, model: { id: 'm', name } }))
        // Names that the library would refuse are refused here as well.
        if (read) expect(read.model.name).toBe(name)
      }),
    )
  })

  it('of others, of the future or damaged is none', async () => {
    const xmp = recipeXmp(recipe)
    expect(parseRecipe(xmp.replace('version&quot;:1', 'version&quot;:2'))).toBeNull()
    expect(parseRecipe(xmp.replace('&quot;steps&quot;:7', '&quot;steps&quot;:-7'))).toBeNull()
    expect(parseRecipe('<x:xmpmeta/>')).toBeNull()
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseRecipe(`uphill:recipe="${text}"`)).toBeNull()
      }),
    )
    const plain = path.join(folder, 'plain.png')
    await sharp({ create: { width: 16, height: 16, channels: 3, background: '#123' } })
      .png()
      .toFile(plain)
    expect(await readRecipe(plain)).toBeNull()
  })
})
