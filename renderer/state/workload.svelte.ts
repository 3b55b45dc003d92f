/** What runs, for the system: the taskbar, the question before quitting, and a notice when long work has ended. */
import { queue } from '../queue/queue.svelte.ts'
import { strings } from '../strings.ts'
import { dreaming } from './dreaming.svelte.ts'
import { refining } from './refining.svelte.ts'
import { samples } from './samples.svelte.ts'
import { watched } from './teaching.svelte.ts'

/** Work that took less is not worth a notice. */
const longMs = 30_000
/** Work that takes less ends before any machine falls asleep. */
const awakeAfterMs = 10_000

/** To be called while a component is made: it goes on as long as the component does. */
export function reportWorkload(): void {
  const walking = $derived(refining.busy || dreaming.busy || samples.busy)
  const working = $derived(walking || queue.busy || watched.teaching?.state === 'running')
  let long = $state(false)

  $effect(() => {
    if (!working) return
    const timer = setTimeout(() => (long = true), awakeAfterMs)
    return () => {
      clearTimeout(timer)
      long = false
    }
  })

  $effect(() => {
    const words = strings.work
    const teaching = watched.live ? watched.teaching : null
    const parts = [
      teaching ? words.teaching(teaching.name) : '',
      queue.busy ? words.queue(queue.items.length - queue.ended) : '',
      walking ? words.walk : '',
    ].filter(Boolean)
    const share = teaching?.progress.share ?? (queue.busy ? queue.share : null)
    const question = {
      message: words.quit,
      detail: parts.join(' '),
      goOnLater: teaching || queue.busy ? words.goOnLater : null,
      stop: words.stop,
      stay: words.stay,
    }
    window.uphill.setWorkload({
      share: share === null ? null : Math.round(100 * share) / 100,
      question: parts.length > 0 ? question : null,
      long,
    })
  })

  let taughtSince: number | null = null
  $effect(() => {
    const { teaching } = watched
    if (watched.live) taughtSince ??= Date.now()
    else if (teaching && taughtSince !== null) {
      if (Date.now() - taughtSince > longMs) tellTaught()
      taughtSince = null
    }
  })

  let queuedSince: number | null = null
  $effect(() => {
    if (queue.busy) queuedSince ??= Date.now()
    else if (queuedSince !== null && !queue.paused) {
      const { queueDone, queueBody } = strings.work
      if (Date.now() - queuedSince > longMs)
        window.uphill.notify({ title: queueDone, body: queueBody(queue.ended, queue.failed) })
      queuedSince = null
    }
  })
}

function tellTaught(): void {
  const { teaching } = watched
  if (!teaching || teaching.state === 'stopped') return
  const { taught, taughtBody, failed } = strings.work
  const { name, error } = teaching
  if (error) window.uphill.notify({ title: failed(name), body: error.message.slice(0, 500) })
  else
    window.uphill.notify({
      title: taught(name),
      body: taughtBody(teaching.progress.psnr?.toFixed(1) ?? '–'),
    })
}
