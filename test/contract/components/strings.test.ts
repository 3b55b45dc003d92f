import { describe, expect, it } from 'vitest'
import { de } from '../../../renderer/strings/de.ts'
import { en } from '../../../renderer/strings/en.ts'

/** Every leaf, by the way to it; functions as what they say of one thing. */
function leaves(value: unknown, way = ''): [string, string][] {
  if (typeof value === 'string') return [[way, value]]
  if (typeof value === 'function') {
    const say = value as (...args: unknown[]) => string
    return [[way, way.endsWith('day') ? say(new Date(0)) : say(1, 1, 1)]]
  }
  return Object.entries(value as object).flatMap(([key, each]) => leaves(each, way ? `${way}.${key}` : key))
}

/** Names, signs and words that are the same in both languages. */
const same =
  /^(chart\.psnr|compare\.(histogram|zoom|histogramOf)|compare\.modes|export\.(format|pattern|formats)|jobs\.count|models\.score|teach\.name|undo\.nothing|refine\.original|samples\.kind|.*\.\d\.0$)/

describe('the words of the window', () => {
  it('are the same set in both languages, and translated', () => {
    const english = new Map(leaves(en))
    const german = new Map(leaves(de))
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort())
    const untranslated = [...english].filter(([way, text]) => german.get(way) === text && !same.test(way))
    expect(untranslated).toEqual([])
  })

  it('are never empty', () => {
    for (const [way, text] of [...leaves(en), ...leaves(de)]) expect(text.trim(), way).not.toBe('')
  })
})
