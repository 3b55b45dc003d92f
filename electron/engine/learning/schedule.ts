/** Share of the full learning rate at a share of the plan, both 0..1: linear warm-up, then a cosine down to 1 %. */
export function learningRate(share: number): number {
  const warmUp = 0.1
  if (share < warmUp) return 0.1 + (0.9 * share) / warmUp
  const down = Math.min(1, (share - warmUp) / (1 - warmUp))
  return 0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * down))
}
