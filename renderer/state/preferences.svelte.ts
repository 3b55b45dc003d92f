import * as z from 'zod'
import { type ThemeChoice, themeChoice } from '../../shared/bridge.ts'
import { type LanguageChoice, languageChoice, strings, useLanguage } from '../strings.ts'
import { recall, remember } from './remembered.ts'

const schema = z.object({
  theme: themeChoice.default('system'),
  language: languageChoice.default('system'),
  /** The tour has been seen, or was not wanted. */
  toured: z.boolean().default(false),
})
const store = 'preferences'

/** What belongs to the page alone, kept from one start to the next. */
class Preferences {
  #kept = $state(recall(store, schema))

  get theme(): ThemeChoice {
    return this.#kept.theme
  }

  get language(): LanguageChoice {
    return this.#kept.language
  }

  get toured(): boolean {
    return this.#kept.toured
  }

  /** Before the page is drawn for the first time. */
  apply(): void {
    window.uphill.setTheme(this.theme)
    this.#speak(this.language)
  }

  setTheme(theme: ThemeChoice): void {
    this.#keep({ theme })
    window.uphill.setTheme(theme)
  }

  setLanguage(language: LanguageChoice): void {
    this.#speak(language)
    this.#keep({ language })
  }

  setToured(): void {
    this.#keep({ toured: true })
  }

  #speak(language: LanguageChoice): void {
    useLanguage(language)
    window.uphill.setWords(strings.system)
  }

  #keep(change: Partial<z.output<typeof schema>>): void {
    this.#kept = { ...this.#kept, ...change }
    remember(store, this.#kept)
  }
}

export const preferences = new Preferences()
