/** The words of the page in the language that is chosen. */
import { en } from './strings/en.ts'

/** Every language has every word: a language that lacks one does not compile. */
export type Strings = typeof en

export const languages = ['en'] as const

/** Live: components read it anew when the language changes (see App). */
// eslint-disable-next-line prefer-const
export let strings: Strings = en

/** 9 -> "9 s", 180 -> "3 min", 185 -> "3 min 05 s", 3725 -> "1 h 02 min". */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const rest = (value: number, unit: string): string =>
    value === 0 ? '' : ` ${String(value).padStart(2, '0')} ${unit}`
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min${rest(whole % 60, 's')}`
  return `${Math.floor(whole / 3600)} h${rest(Math.floor((whole % 3600) / 60), 'min')}`
}
