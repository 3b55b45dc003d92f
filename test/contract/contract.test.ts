import { describe, expect, it } from 'vitest'
import { exportQuestion, folderQuestion } from '../../shared/bridge.ts'
import { contract } from '../../shared/contract.ts'
import { fromEngine, toEngine } from '../../shared/engine-channel.ts'

describe('the contract', () => {
  const refused: [keyof typeof contract, unknown, RegExp][] = [
    ['openFolder', { folder: '' }, /folder|character/i],
    ['openFolder', {}, /string/],
    ['thumbnails', { datasetId: 'a', from: -1, count: 1, size: 64 }, />=0/],
    ['thumbnails', { datasetId: 'a', from: 0, count: 100_000, size: 64 }, /<=200/],
    ['startTeaching', { folder: '/a', name: '   ' }, /Give the model a name/],
    ['startTeaching', { folder: '/a', name: 'x'.repeat(81) }, /at most 80/],
    ['startTeaching', { folder: '/a', name: 'a\u0007b' }, /control/],
    ['startTeaching', { folder: '/a', name: 'a', seconds: Infinity }, /number/],
    ['startTeaching', { folder: '/a', name: 'a', loss: 'hinge' }, /bce/],
    ['refine', { path: '/a', modelId: 'm', walk: { sigma: 0 } }, /sigma|Invalid/],
    ['refine', { path: '/a', modelId: 'm', walk: { steps: 1.5 } }, /int/],
    ['dream', { modelId: 'm', count: 0, seed: 1 }, />=1/],
    ['exportResult', { resultId: 'r', target: { path: '/a', options: { format: 'bmp' } } }, /png/],
    ['keepPasted', { bytes: 'AAAA' }, /bytes/],
  ]
  it.each(refused)('refuses bad input of %s: %j', (method, input, words) => {
    const checked = contract[method].input.safeParse(input)
    expect(checked.success).toBe(false)
    expect(checked.error?.message).toMatch(words)
  })

  it('fills in what may be left out', () => {
    expect(contract.startTeaching.input.parse({ folder: '/a', name: ' Faces ' })).toMatchObject({
      name: 'Faces',
      kind: 'auto',
      loss: 'bce',
    })
    expect(contract.refine.input.parse({ path: '/a', modelId: 'm', walk: {} })).toMatchObject({
      maxSide: 4096,
      walk: { schedule: 'annealed', sigma: 'auto' },
    })
  })

  it('takes bytes as they come from a page and from a pipe', () => {
    for (const bytes of [new Uint8Array(3), Buffer.from('abc')]) {
      expect(contract.keepPasted.input.safeParse({ bytes }).success).toBe(true)
    }
  })
})

describe('the words between main, page and engine', () => {
  it('refuse what they do not know', () => {
    expect(toEngine.safeParse({ type: 'run', command: 'rm' }).success).toBe(false)
    expect(toEngine.safeParse({ type: 'open', client: 0 }).success).toBe(false)
    expect(toEngine.safeParse(null).success).toBe(false)
    expect(fromEngine.safeParse({ type: 'exported' }).success).toBe(false)
    expect(folderQuestion.safeParse({ purpose: 'anything' }).success).toBe(false)
    expect(exportQuestion.safeParse({ suggestedName: '', format: 'png' }).success).toBe(false)
  })

  it('pass on what is inside unread', () => {
    const message = [1, 'request', 'anything', { deep: [new Uint8Array(2)] }]
    const passed = toEngine.parse({ type: 'data', client: 3, message })
    expect(passed).toEqual({ type: 'data', client: 3, message })
  })
})
