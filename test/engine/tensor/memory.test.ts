/**
 * Memory that runs out, in TensorFlow's own words: it is asked for a tensor that no machine has room for. (On a processor,
 * too large a convolution does not end in words; on a card it does. What a card does was not tried.)
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { loadTensorflow, tensorflow } from '../../../electron/engine/tensor/backend.ts'
import { isOutOfMemory, withLessMemory } from '../../../electron/engine/tensor/memory.ts'

/** What TensorFlow threw for a tensor of a million times 64 MiB. It tries for ten seconds, so it is asked once. */
let thrown: unknown
beforeAll(async () => {
  await loadTensorflow()
  const tf = tensorflow()
  try {
    tf.tidy(() => tf.fill([2 ** 20, 2 ** 24], 1).shape)
  } catch (error) {
    thrown = error
  }
})

describe('when memory runs out', () => {
  it('work is done with half as much at a time, until it fits', async () => {
    const tried: number[] = []
    const told: number[] = []
    const work = async (size: number): Promise<string> => {
      tried.push(size)
      if (size > 2) throw thrown
      return 'done'
    }
    expect(await withLessMemory(12, 1, work, (smaller) => told.push(smaller))).toBe('done')
    expect(tried).toEqual([12, 6, 3, 1])
    expect(told).toEqual([6, 3, 1])
  })

  it('work that is too much however small ends with a word of what to do', async () => {
    await expect(withLessMemory(4, 2, () => Promise.reject(thrown as Error))).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      next: expect.stringContaining('smaller pictures') as string,
      cause: thrown,
    })
  })

  it('other troubles are not taken for it', async () => {
    const trouble = new Error('the file is not there')
    expect(isOutOfMemory(trouble)).toBe(false)
    await expect(withLessMemory(8, 1, () => Promise.reject(trouble))).rejects.toBe(trouble)
  })
})
