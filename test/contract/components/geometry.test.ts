import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { label, scale, ticks } from '../../../renderer/components/chart-scale.ts'
import { fitView, mostZoom, zoomAt } from '../../../renderer/components/compare/geometry.ts'
import {
  cellSides,
  fittingCell,
  gridWindow,
  squareColumns,
} from '../../../renderer/components/virtual-grid.ts'

const length = fc.integer({ min: 1, max: 5000 })

describe('the grid of thumbnails', () => {
  it('draws every picture that is on screen, and not many more, however many there are', () => {
    const view = fc.record({
      width: length,
      height: length,
      scrollTop: fc.integer({ min: 0, max: 20_000_000 }),
    })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), view, (items, at) => {
        const cell = 116
        const { columns, height, from, count, top } = gridWindow(items, at, cell)
        expect(from + count).toBeLessThanOrEqual(items)
        expect(count).toBeLessThanOrEqual((Math.ceil(at.height / cell) + 6) * columns)
        expect(top).toBe((from / columns) * cell || 0)
        const scrolled = Math.max(0, Math.min(at.scrollTop, height - at.height))
        for (const y of [scrolled, scrolled + at.height - 1]) {
          if (y >= height) continue
          const index = Math.floor(y / cell) * columns
          expect(index).toBeGreaterThanOrEqual(from)
          expect(index).toBeLessThan(from + count)
        }
      }),
    )
  })
})

describe('the size of thumbnails', () => {
  const frame = fc.record({ width: length, height: length })
  it('is the largest with which all are seen, and small when they are many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), frame, (items, view) => {
        const side = fittingCell(items, view)
        const seen = (cell: number) =>
          gridWindow(items, { ...view, scrollTop: 0 }, cell).height <= view.height
        for (const larger of cellSides.filter((each) => each > side)) expect(seen(larger)).toBe(false)
        if (!seen(side)) expect(side).toBeLessThanOrEqual(132)
      }),
    )
  })

  it('of squares in a frame could not be larger with any other number of columns', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), frame, (count, { width, height }) => {
        const side = (columns: number) => Math.min(width / columns, height / Math.ceil(count / columns))
        const best = side(squareColumns(count, { width, height }))
        for (let columns = 1; columns <= count; columns++) expect(side(columns)).toBeLessThanOrEqual(best)
      }),
    )
  })
})

describe('the compare view', () => {
  const size = fc.record({ width: length, height: length })

  it('fits the whole picture into the frame', () => {
    fc.assert(
      fc.property(size, size, (picture, frame) => {
        const { zoom, x, y } = fitView(picture, frame)
        if (zoom === 0.01) return
        expect(picture.width * zoom).toBeLessThanOrEqual(frame.width + 1e-6)
        expect(picture.height * zoom).toBeLessThanOrEqual(frame.height + 1e-6)
        expect(x).toBeGreaterThanOrEqual(-1e-6)
        expect(y).toBeGreaterThanOrEqual(-1e-6)
      }),
    )
  })

  it('keeps the point below the pointer where it is while zooming', () => {
    const number = fc.double({ min: -2000, max: 2000, noNaN: true })
    fc.assert(
      fc.property(
        size,
        size,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        number,
        number,
        (picture, frame, factor, px, py) => {
          const before = fitView(picture, frame)
          const after = zoomAt(before, factor, px, py)
          expect(after.zoom).toBeLessThanOrEqual(mostZoom)
          expect((px - after.x) / after.zoom).toBeCloseTo((px - before.x) / before.zoom, 4)
          expect((py - after.y) / after.zoom).toBeCloseTo((py - before.y) / before.zoom, 4)
        },
      ),
    )
  })
})

describe('the axes of the chart', () => {
  it('have round, rising ticks that take in every value', () => {
    const value = fc.double({ min: -1e4, max: 1e4, noNaN: true })
    fc.assert(
      fc.property(
        value,
        fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
        fc.integer({ min: 2, max: 9 }),
        (low, span, count) => {
          const at = ticks(low, low + span, count)
          const step = at[1]! - at[0]!
          expect(at.length).toBeLessThanOrEqual(count + 3)
          expect(at[0]!).toBeLessThanOrEqual(low + step * 1e-6)
          expect(at.at(-1)!).toBeGreaterThanOrEqual(low + span - step * 1e-6)
          for (let i = 1; i < at.length; i++) expect(at[i]!).toBeGreaterThan(at[i - 1]!)
        },
      ),
    )
  })

  it('label what the step can tell, and scale linearly', () => {
    expect([label(0.15, 0.05), label(20, 5), label(1.5, 0.5)]).toEqual(['0.15', '20', '1.5'])
    expect([0, 5, 10].map(scale([0, 10], [100, 200]))).toEqual([100, 150, 200])
  })
})
