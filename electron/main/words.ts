/** How the page speaks, for what the system shows in its name. */
import { channels } from '../../shared/bridge-channels.ts'
import { type SystemWords, systemWords } from '../../shared/bridge.ts'
import type { AnswerPage } from './answer-page.ts'

/** @returns what the page has said last; null before it has said anything */
export function handleWords(
  answer: AnswerPage,
  onChange: (words: SystemWords) => void,
): () => SystemWords | null {
  let words: SystemWords | null = null
  answer(channels.setWords, systemWords, (said) => {
    words = said
    onChange(said)
  })
  return () => words
}
