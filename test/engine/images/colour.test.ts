import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { fromLinear, readProfile, toGrey, toLinear } from '../../../electron/engine/images/colour.ts'

async function profileOf(name: 'srgb' | 'p3'): Promise<Buffer> {
  const dot = sharp({ create: { width: 1, height: 1, channels: 3, background: '#888' } })
  const { icc } = await sharp(await dot.withIccProfile(name).png().toBuffer()).metadata()
  return icc!
}

/** A matrix profile with one gamma, by the rules of ICC.1; Adobe RGB (1998) with these figures. */
function gammaProfile(space: 'RGB ' | 'GRAY', gamma: number): Buffer {
  const xyz = {
    rXYZ: [0.60974, 0.31111, 0.01947],
    gXYZ: [0.20528, 0.62567, 0.06087],
    bXYZ: [0.14919, 0.06322, 0.74457],
  }
  const tags: [string, Buffer][] = []
  for (const [name, values] of Object.entries(space === 'RGB ' ? xyz : {})) {
    const tag = Buffer.alloc(20)
    tag.write('XYZ ', 'latin1')
    values.forEach((value, i) => tag.writeInt32BE(Math.round(value * 65536), 8 + 4 * i))
    tags.push([name, tag])
  }
  const curve = Buffer.alloc(16)
  curve.write('curv', 'latin1')
  curve.writeUInt32BE(1, 8)
  curve.writeUInt16BE(Math.round(gamma * 256), 12)
  for (const name of space === 'RGB ' ? ['rTRC', 'gTRC', 'bTRC'] : ['kTRC']) tags.push([name, curve])
  const head = Buffer.alloc(132 + 12 * tags.length)
  head.write(space, 16, 'latin1')
  head.write('XYZ ', 20, 'latin1')
  head.writeUInt32BE(tags.length, 128)
  let start = head.length
  tags.forEach(([name, tag], i) => {
    head.write(name, 132 + 12 * i, 'latin1')
    head.writeUInt32BE(start, 136 + 12 * i)
    head.writeUInt32BE(tag.length, 140 + 12 * i)
    start += tag.length
  })
  return Buffer.concat([head, ...tags.map(([, tag]) => tag)])
}

describe('the transfer curve of sRGB', () => {
  it('goes there and back', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (value) => {
        expect(fromLinear(toLinear(value))).toBeCloseTo(value, 6)
      }),
    )
    expect(toLinear(0.5)).toBeCloseTo(0.214041, 6)
  })
})

describe('toGrey', () => {
  it('keeps the value of grey pixels exactly, and white is the brightest', () => {
    fc.assert(
      fc.property(fc.float({ min: 0, max: 1, noNaN: true }), (value) => {
        expect(toGrey(Float32Array.of(value, value, value))[0]).toBe(value)
      }),
    )
    const [red, green, blue] = toGrey(Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1))
    expect(red).toBeCloseTo(fromLinear(0.2126), 5)
    expect(green).toBeCloseTo(fromLinear(0.7152), 5)
    expect(blue).toBeCloseTo(fromLinear(0.0722), 5)
  })
})

describe('readProfile', () => {
  it('knows that sRGB is sRGB', async () => {
    expect(readProfile(await profileOf('srgb'), 3)).toBeNull()
  })

  it('converts Display P3: white and grey stay, its red is more than sRGB has', async () => {
    const convert = readProfile(await profileOf('p3'), 3)!
    const seen = convert(
      Uint16Array.of(65535, 65535, 65535, 7, 32768, 32768, 32768, 7, 65535, 0, 0, 7, 50000, 40000, 30000, 7),
      4,
    )
    const wanted = [1, 1, 1, 0.5, 0.5, 0.5, 1, 0, 0]
    wanted.forEach((value, i) => expect(seen[i]).toBeCloseTo(value, 3))
    // 0.7630, 0.6104, 0.4578 in P3 by the matrices of CSS Color 4.
    expect([...seen.subarray(9)].map((value) => value.toFixed(3))).toEqual(
      cssP3ToSrgb([50000, 40000, 30000]).map((value) => value.toFixed(3)),
    )
  })

  it('converts Adobe RGB and grey gammas', () => {
    const convert = readProfile(gammaProfile('RGB ', 2.19921875), 3)!
    const [r, g, b] = convert(Uint16Array.of(65535, 65535, 65535), 3)
    for (const value of [r!, g!, b!]) expect(value).toBeCloseTo(1, 2)
    expect(convert(Uint16Array.of(0, 65535, 0), 3)[0]).toBe(0)
    const grey = readProfile(gammaProfile('GRAY', 1), 1)!
    expect(grey(Uint16Array.of(0, 9, 32768, 9, 65535, 9), 2)[1]).toBeCloseTo(fromLinear(0.5), 4)
    expect(readProfile(gammaProfile('GRAY', 1), 3)).toBeUndefined()
  })

  it('never trips over a damaged profile', () => {
    const profile = gammaProfile('RGB ', 2.2)
    fc.assert(
      fc.property(
        fc.nat(profile.length),
        fc.array(fc.tuple(fc.nat(profile.length - 1), fc.nat(255)), { maxLength: 8 }),
        (length, changes) => {
          const damaged = Buffer.from(profile)
          for (const [at, value] of changes) damaged[at] = value
          const convert = readProfile(damaged.subarray(0, length), 3)
          const values = convert?.(Uint16Array.of(0, 30000, 65535), 3) ?? []
          for (const value of values) expect(value).toSatisfy((found: number) => found >= 0 && found <= 1)
        },
      ),
      { numRuns: 500 },
    )
  })
})

/** https://www.w3.org/TR/css-color-4/#color-conversion-code: display-p3 to XYZ (D65) to srgb. */
function cssP3ToSrgb(samples: number[]): number[] {
  const linear = samples.map((value) => toLinear(value / 65535))
  const apply = (matrix: number[][], vector: number[]) =>
    matrix.map((row) => row.reduce((sum, value, i) => sum + value * vector[i]!, 0))
  const toXyz = [
    [608311 / 1250200, 189793 / 714400, 198249 / 1000160],
    [35783 / 156275, 247089 / 357200, 198249 / 2500400],
    [0, 32229 / 714400, 5220557 / 5000800],
  ]
  const toSrgb = [
    [12831 / 3959, -329 / 214, -1974 / 3959],
    [-851781 / 878810, 1648619 / 878810, 36519 / 878810],
    [705 / 12673, -2585 / 12673, 705 / 667],
  ]
  return apply(toSrgb, apply(toXyz, linear)).map(fromLinear)
}
