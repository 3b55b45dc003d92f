/** File names made from a pattern, such as "{name} refined". */

export interface NameFacts {
  /** Of the picture, without its ending. */
  name: string
  model: string
  seed: number
  step: number
  /** Its place among those that are exported together, from 1. */
  number: number
  date: Date
}

export const placeholders = ['name', 'model', 'seed', 'step', 'number', 'date'] as const

/** Characters that one of the systems forbids in names, or that would leave the folder. */
// eslint-disable-next-line no-control-regex
const forbidden = /[\\/:*?"<>|\u0000-\u001f\u007f]/g
/** Names that Windows keeps for devices. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i
/** Room for a folder's rules and a number, in characters. */
const longest = 120

/** The pattern with its placeholders filled in; always a name that every system takes. Unknown placeholders stay. */
export function fillPattern(pattern: string, facts: NameFacts): string {
  const { date, ...rest } = facts
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-')
  const values: Record<string, string | number> = { ...rest, date: day }
  const filled = pattern.replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole))
  return safeName(filled)
}

/** A name that every system takes for a file. */
export function safeName(name: string): string {
  const safe = [...name.replace(forbidden, '_')]
    .slice(0, longest)
    .join('')
    .replace(/^[\s.]+|[\s.]+$/g, '')
  if (safe === '') return 'picture'
  return reserved.test(safe) ? `${safe}_` : safe
}

/** The name of a file without its folder and its ending. */
export function stemOf(path: string): string {
  const file = path.split(/[\\/]/).at(-1) ?? path
  return file.replace(/(?<=.)\.[^.]+$/, '')
}

export function nameOf(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path
}

/** A path of parts, with the separator that the folder has already. */
export function joinPath(folder: string, ...parts: string[]): string {
  const separator = folder.includes('\\') && !folder.includes('/') ? '\\' : '/'
  const inner = parts.flatMap((part) => part.split(/[\\/]/)).filter((part) => part !== '')
  return [folder.replace(/[\\/]+$/, ''), ...inner].join(separator)
}
