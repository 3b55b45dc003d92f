/** The page's work as the system sees it: progress on the taskbar, no sleep, a notice at the end, a question before quitting. */
import { type BrowserWindow, Notification, dialog, powerSaveBlocker } from 'electron'
import { channels } from '../../shared/bridge-channels.ts'
import { type QuitQuestion, notice, workload } from '../../shared/bridge.ts'
import type { AnswerPage } from './answer-page.ts'

/** What becomes of running work when the person quits. */
export type QuitChoice = 'go on later' | 'stop' | 'stay'

export class Workload {
  #question: QuitQuestion | null = null
  #blocker: number | null = null

  constructor(answer: AnswerPage) {
    answer(channels.workload, workload, ({ share, question, long }, window) => {
      this.#question = question
      // -1 takes the bar away; more than 1 is a bar that only says that something is done.
      window.setProgressBar(share ?? (question ? 2 : -1))
      this.#keepAwake(long)
    })
    answer(channels.notify, notice, ({ title, body }, window) => {
      if (window.isFocused() || !Notification.isSupported()) return
      const shown = new Notification({ title, body })
      shown.once('click', () => {
        if (window.isDestroyed()) return
        if (window.isMinimized()) window.restore()
        window.focus()
      })
      shown.show()
    })
  }

  /** Asks, when there is work that would be stopped. */
  async mayQuit(window: BrowserWindow | null): Promise<QuitChoice> {
    const question = this.#question
    if (!question || !window || window.isDestroyed()) return 'stop'
    const choices: QuitChoice[] = question.goOnLater ? ['go on later', 'stop', 'stay'] : ['stop', 'stay']
    const { response } = await dialog.showMessageBox(window, {
      type: 'question',
      message: question.message,
      detail: question.detail,
      buttons: [...(question.goOnLater ? [question.goOnLater] : []), question.stop, question.stay],
      defaultId: 0,
      cancelId: choices.length - 1,
    })
    return choices[response] ?? 'stay'
  }

  /** The page is gone, and its work with it. */
  forget(): void {
    this.#question = null
    this.#keepAwake(false)
  }

  /** A night's teaching is lost to a machine that falls asleep. */
  #keepAwake(wanted: boolean): void {
    if (wanted) this.#blocker ??= powerSaveBlocker.start('prevent-app-suspension')
    else if (this.#blocker !== null) {
      powerSaveBlocker.stop(this.#blocker)
      this.#blocker = null
    }
  }
}
