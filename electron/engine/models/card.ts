/** card.json: what it holds beside the card that everyone sees, and reading it. */
import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { modelCard } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'

const fileName = z.string().regex(/^[\w.-]+$/)

const storedCard = modelCard.extend({
  files: z.object({
    weights: fileName.nullable(),
    checkpoint: fileName.nullable(),
    preview: fileName.nullable(),
  }),
  /** How the net is computed while teaching; chosen once by timing, then kept. */
  precision: z.enum(['float32', 'bfloat16']),
  /** Where the present plan of teaching began, and whether it counts seconds or steps. */
  plan: z.object({ fromSeconds: z.number(), fromStep: z.int(), steps: z.int().nullable() }),
})
export type StoredCard = z.infer<typeof storedCard>

/** An id that no model has: the name in plain letters, and some randomness. */
export function freshId(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  return `${plain || 'model'}-${randomBytes(4).toString('hex')}`
}

/** Whether two cards speak of one generation of weights and checkpoint. */
export function sameFiles(a: StoredCard['files'], b: StoredCard['files']): boolean {
  return a.weights === b.weights && a.checkpoint === b.checkpoint
}

/** What is written into card.json. */
export const cardText = (card: StoredCard): string => `${JSON.stringify(card, null, 2)}\n`

/** True of what a copy could put right. */
export function isLost(error: unknown): boolean {
  return error instanceof UphillError && ['MODEL_DAMAGED', 'MODEL_NOT_FOUND'].includes(error.code)
}

/** @throws UphillError MODEL_DAMAGED or MODEL_TOO_NEW */
export function parseCard(text: string, id: string): StoredCard {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new UphillError(
      'MODEL_DAMAGED',
      `The card of the model “${id}” cannot be read.`,
      'Put back a copy of its folder, or teach it again.',
    )
  }
  const format = (json as { format?: unknown } | null)?.format
  if (typeof format === 'number' && format > 1) {
    throw new UphillError(
      'MODEL_TOO_NEW',
      `The model “${id}” was made by a newer Uphill (format ${format}).`,
      'Install the newest Uphill.',
    )
  }
  const parsed = storedCard.safeParse(json)
  if (parsed.success) return parsed.data
  const where = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new UphillError(
    'MODEL_DAMAGED',
    `The card of the model “${id}” is damaged (${where}).`,
    'Put back a copy of its folder, or teach it again.',
  )
}
