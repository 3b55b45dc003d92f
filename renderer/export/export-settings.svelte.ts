import * as z from 'zod'
import type { ExportTarget } from '../../shared/contract.ts'
import { type ExportFormat, exportFormat } from '../../shared/domain.ts'
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
  described: z.boolean().default(false),
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
  target(facts: NameFacts, below = ''): ExportTarget {
    const { format, quality, whenExists, profile } = this.choice
    return {
      path: joinPath(this.folder ?? '', below, this.fileName(facts)),
      options: { format, quality, whenExists, profile, ...this.#note(facts) },
      ...this.#size(),
    }
  }

  /** For a file that was chosen in the system's dialog, which has asked already whether it may be replaced. */
  targetAt(path: string, facts: NameFacts): ExportTarget {
    const ending = (/\.([^./\\]+)$/.exec(path)?.[1] ?? '').toLowerCase()
    const format = formatsByEnding[ending] ?? this.choice.format
    const { quality, profile } = this.choice
    return {
      path,
      options: { format, quality, whenExists: 'replace', profile, ...this.#note(facts) },
      ...this.#size(),
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

  /** How the picture was made; no names of the person's files. */
  #note({ model, seed, step }: NameFacts): { note?: string } {
    return this.choice.described ? { note: strings.export.note(model, step, seed) } : {}
  }

  #size(): Pick<ExportTarget, 'longestSide'> {
    return this.choice.limited ? { longestSide: this.choice.longestSide } : {}
  }
}

export const exportSettings = new ExportSettings()
