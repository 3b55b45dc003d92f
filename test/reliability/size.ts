/** The harnesses run small with all tests, and at full size by `npm run reliability`, which keeps the figures. */
import fs from 'node:fs/promises'
import path from 'node:path'

export const full = process.env['UPHILL_RELIABILITY'] === 'full'

export const figuresFolder = path.resolve('test-results/reliability')

/** For the report, at full size only: figures of a small run must not take the place of those of a full one. */
export async function keepFigures(name: string, figures: unknown): Promise<void> {
  if (!full) return
  await fs.mkdir(figuresFolder, { recursive: true })
  await fs.writeFile(path.join(figuresFolder, `${name}.json`), JSON.stringify(figures, null, 2))
}
