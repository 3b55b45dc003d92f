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
