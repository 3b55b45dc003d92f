/** Where things go on a chart. */

/** Round values from at or below `low` to at or above `high`, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high > low ? high - low : Math.max(1e-9, Math.abs(high) || 1)
  const rough = span / Math.max(1, count)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999) ??
    10 * power
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil((low + span) / step - 1e-9)
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
}

export function scale(
  domain: readonly [number, number],
  range: readonly [number, number],
): (value: number) => number {
  const [low, high] = domain
  const width = high - low || 1
  return (value) => range[0] + ((value - low) / width) * (range[1] - range[0])
}

/** Points as the `d` of an SVG path. */
export function linePath(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
}

/** Tick labels with as many decimals as the step needs. */
export function label(value: number, step: number): string {
  const decimals = Math.max(0, Math.min(4, -Math.floor(Math.log10(step) + 1e-9)))
  return value.toFixed(decimals)
}
