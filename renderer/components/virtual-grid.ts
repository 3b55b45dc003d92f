/** Which part of a long grid is on screen: the rest is only height. */
export interface GridWindow {
  columns: number
  /** Height of everything, and where the first drawn row begins, in pixels. */
  height: number
  top: number
  /** First item drawn and how many. */
  from: number
  count: number
}

/** @param cell side of a cell with its gap, in pixels @param spare rows drawn above and below what is seen */
export function gridWindow(
  items: number,
  view: { width: number; height: number; scrollTop: number },
  cell: number,
  spare = 2,
): GridWindow {
  const columns = Math.max(1, Math.floor(view.width / cell))
  const rows = Math.ceil(items / columns)
  // A list that became shorter may still be scrolled to where it once ended.
  const scrollTop = Math.max(0, Math.min(view.scrollTop, rows * cell - view.height))
  const firstRow = Math.max(0, Math.floor(scrollTop / cell) - spare)
  const endRow = Math.min(rows, Math.ceil((scrollTop + view.height) / cell) + spare)
  const from = Math.min(items, firstRow * columns)
  const count = Math.max(0, Math.min(items - from, (endRow - firstRow) * columns))
  return { columns, height: rows * cell, top: firstRow * cell, from, count }
}

/** Sides of a cell with its gap, in pixels, from many small pictures to few large ones. */
export const cellSides = [104, 116, 132, 148, 168, 190, 214, 242, 272, 306] as const

/** The largest side with which all pictures are seen at once; the smallest that suits the view when none is. */
export function fittingCell(items: number, { width, height }: { width: number; height: number }): number {
  const least = width > 1600 ? 132 : 116
  const fits = cellSides.filter(
    (side) => Math.ceil(items / Math.max(1, Math.floor(width / side))) * side <= height,
  )
  return Math.max(least, ...fits)
}

/** How many columns show `count` squares largest in a frame. */
export function squareColumns(count: number, { width, height }: { width: number; height: number }): number {
  let best = 1
  let largest = 0
  for (let columns = 1; columns <= count; columns++) {
    const side = Math.min(width / columns, height / Math.ceil(count / columns))
    if (side > largest) [best, largest] = [columns, side]
  }
  return best
}
