/** Choices that the page keeps from one start to the next: small, checked when they are read, and never needed. */
import type * as z from 'zod'

/** What was kept under this name; what the schema makes of nothing when there is none, or it fits no more. */
export function recall<S extends z.ZodType>(name: string, schema: S): z.output<S> {
  try {
    const kept = schema.safeParse(JSON.parse(localStorage.getItem(name) ?? '{}'))
    if (kept.success) return kept.data
  } catch {
    // Not JSON: as if there were none.
  }
  return schema.parse({})
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(name, JSON.stringify(value))
  } catch {
    // A full or forbidden store costs only the memory of a choice.
  }
}
