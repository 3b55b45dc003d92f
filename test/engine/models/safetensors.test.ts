import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type NamedArray,
  decodeSafetensors,
  encodeSafetensors,
} from '../../../electron/engine/models/safetensors.ts'
import { UphillError } from '../../../shared/errors.ts'

const tensors = fc.uniqueArray(
  fc.record({
    name: fc
      .string({ minLength: 1, maxLength: 30 })
      .filter((name) => name !== '__metadata__' && name !== '__proto__'),
    values: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 }),
  }),
  { selector: ({ name }) => name, maxLength: 8 },
)

const toArrays = (list: { name: string; values: number[] }[]): NamedArray[] =>
  list.map(({ name, values }) => ({ name, shape: [values.length], data: Float32Array.from(values) }))

const isDamaged = (error: unknown) => error instanceof UphillError && error.code === 'MODEL_DAMAGED'

describe('a weights file', () => {
  it('gives back every tensor, bit for bit', () => {
    fc.assert(
      fc.property(tensors, (list) => {
        const arrays = toArrays(list)
        const decoded = decodeSafetensors(Buffer.from(encodeSafetensors(arrays, { step: '3' })), 'it')
        const byName = new Map(decoded.tensors.map((tensor) => [tensor.name, tensor]))
        expect(decoded.metadata).toEqual({ step: '3' })
        expect(byName.size).toBe(arrays.length)
        for (const { name, shape, data } of arrays) {
          expect(byName.get(name)!.shape).toEqual(shape)
          expect(Buffer.from(byName.get(name)!.data.buffer).equals(Buffer.from(data.buffer))).toBe(true)
        }
      }),
    )
  })

  it('that was cut short is refused, wherever it was cut', () => {
    const whole = Buffer.from(encodeSafetensors(toArrays([{ name: 'a', values: [1, 2, 3] }])))
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.subarray(0, length), 'it')).toThrow(expect.toSatisfy(isDamaged))
    }
  })

  it('with a changed header or numbers that are not finite ends in a typed error or a sound result, never a crash', () => {
    const whole = Buffer.from(encodeSafetensors(toArrays([{ name: 'a', values: [1, 2, 3] }])))
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (position, value) => {
        const changed = Buffer.from(whole)
        changed[position] = value
        try {
          for (const { data } of decodeSafetensors(changed, 'it').tensors)
            expect(data.every(Number.isFinite)).toBe(true)
        } catch (error) {
          expect(isDamaged(error)).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
    const bad = encodeSafetensors([{ name: 'a', shape: [1], data: Float32Array.of(NaN) }])
    expect(() => decodeSafetensors(Buffer.from(bad), 'it')).toThrow(/not finite/)
  })
})
