import * as z from 'zod'
import type { ExportTarget } from '../../shared/contract.ts'
import { type ExportFormat, type Recipe, exportFormat } from '../../shared/domain.ts'
import { strings } from '../strings.ts'
import { recall, remember } from '../state/remembered.ts'
import { type NameFacts, fillPattern, joinPath } from './name-pattern.ts'

const schema = z.object({
  format: exportFormat.default('png'),
  quality: z.int().min(1).max(100).default(92),
  limited: z.boolean().default(false),
  longestSide: z.int().min(16).max(65_535).default(2048),
  pattern: z.string().max(200).default('{name} refined'),
  whenExists: z.enum(['number', 'fail', 'replace']).default('number'),
  profile: z.boolean().default(false),
  /** How it was made, in words and as a recipe: a picture that is opened again brings its settings. */
  described: z.boolean().default(true),
  details: z.enum(['none', 'camera', 'all']).default('camera'),
  reveal: z.boolean().default(false),
})
const store = 'export'

const endings: Record<ExportFormat, string> = {
  png: 'png',
  jpeg: 'jpg',
  webp: 'webp',
  tiff: 'tif',
  avif: 'avif',
}
const formatsByEnding: Record<string, ExportFormat> = {
  ...Object.fromEntries(exportFormat.options.map((format) => [format, format])),
  jpg: 'jpeg',
  tif: 'tiff',
}

/** What a result was made from, and how; dreams are made from nothing. */
export interface Made {
  original: string
  amount: number
  recipe: Recipe
}

/** How pictures are exported: the same for one, for many and for dreams, and kept for the next time. */
class ExportSettings {
  choice: z.output<typeof schema> = $state(recall(store, schema))
  /** Where to; chosen by the person in the system's dialog, at some time. */
  folder: string | null = $state(null)

  get lossy(): boolean {
    return ['jpeg', 'webp', 'avif'].includes(this.choice.format)
  }

  /** Whether everything that was typed in makes sense. */
  get valid(): boolean {
    return schema.safeParse(this.choice).success
  }

  fileName(facts: NameFacts): string {
    return `${fillPattern(this.choice.pattern, facts)}.${endings[this.choice.format]}`
  }

  /** @param below folders below the chosen one */
  target(facts: NameFacts, made: Made | undefined, below = ''): ExportTarget {
    const { format, quality, whenExists, profile } = this.choice
    return {
      path: joinPath(this.folder ?? '', below, this.fileName(facts)),
      options: { format, quality, whenExists, profile, ...this.#described(facts, made) },
      ...this.#rest(made),
    }
  }

  /** For a file that was chosen in the system's dialog, which has asked already whether it may be replaced. */
  targetAt(path: string, facts: NameFacts, made: Made | undefined): ExportTarget {
    const ending = (/\.([^./\\]+)$/.exec(path)?.[1] ?? '').toLowerCase()
    const format = formatsByEnding[ending] ?? this.choice.format
    const { quality, profile } = this.choice
    return {
      path,
      options: { format, quality, whenExists: 'replace', profile, ...this.#described(facts, made) },
      ...this.#rest(made),
    }
  }

  keep(): void {
    remember(store, this.choice)
  }

  async findFolder(): Promise<void> {
    this.folder ??= await window.uphill.lastExportFolder()
  }

  async chooseFolder(): Promise<void> {
    this.folder = (await window.uphill.chooseFolder({ purpose: 'export' })) ?? this.folder
  }

  /** No names of the person's files. */
  #described({ model, seed, step }: NameFacts, made?: Made): { note?: string; recipe?: Recipe } {
    if (!this.choice.described) return {}
    return { note: strings.export.note(model, step, seed), ...(made && { recipe: made.recipe }) }
  }

  #rest(made?: Made): Pick<ExportTarget, 'longestSide' | 'amount' | 'details'> {
    const { limited, longestSide, details } = this.choice
    return { ...(limited && { longestSide }), ...(made && { amount: made.amount, details }) }
  }
}

export const exportSettings = new ExportSettings()
