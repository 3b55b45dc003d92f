/** The words of the page in the language that is chosen. */
import * as z from 'zod'
import { de } from './strings/de.ts'
import { en } from './strings/en.ts'

/** Every language has every word: a language that lacks one does not compile. */
export type Strings = typeof en

const languages = { en, de } as const
export type Language = keyof typeof languages
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' }

export const languageChoice = z.enum(['system', 'en', 'de'])
export type LanguageChoice = z.infer<typeof languageChoice>

/** Read anew by components that are drawn after the language has changed (see App). */
export let strings: Strings = en

/** Also tells the screen reader, which has to know how to say it. */
export function useLanguage(choice: LanguageChoice): void {
  const wanted = choice === 'system' ? navigator.language.slice(0, 2) : choice
  const language: Language = wanted === 'de' ? 'de' : 'en'
  strings = languages[language]
  document.documentElement.lang = language
}

/** 0.4 -> "< 1 s", 9 -> "9 s", 180 -> "3 min", 185 -> "3 min 05 s", 3725 -> "1 h 02 min". */
export function durationText(seconds: number): string {
  if (seconds > 0 && seconds < 1) return '< 1 s'
  const whole = Math.max(0, Math.round(seconds))
  const rest = (value: number, unit: string): string =>
    value === 0 ? '' : ` ${String(value).padStart(2, '0')} ${unit}`
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min${rest(whole % 60, 's')}`
  return `${Math.floor(whole / 3600)} h${rest(Math.floor((whole % 3600) / 60), 'min')}`
}
