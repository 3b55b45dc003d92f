/** Keys as people read them on their system, and as events carry them. */

const mac = (): boolean => window.uphill.platform === 'darwin'

/** "Mod+Shift+O" -> "Ctrl+Shift+O", or "⇧⌘O" on a Mac. */
export function keyText(keys: string): string {
  if (!mac()) return keys.replace('Mod', 'Ctrl')
  const parts = keys.split('+')
  const signs: Record<string, string> = { Mod: '⌘', Shift: '⇧', Alt: '⌥' }
  const order = ['Alt', 'Shift', 'Mod']
  const held = order.filter((name) => parts.includes(name)).map((name) => signs[name] ?? '')
  return [...held, parts.at(-1)].join('')
}

/** Whether these keys were pressed. */
export function pressed(event: KeyboardEvent, keys: string): boolean {
  const parts = keys.split('+')
  const key = parts.at(-1) ?? ''
  const mod = mac() ? event.metaKey : event.ctrlKey
  const other = mac() ? event.ctrlKey : event.metaKey
  if (mod !== parts.includes('Mod') || other || event.altKey) return false
  // A sign such as "?" needs Shift on some keyboards and not on others.
  if (/^[a-z0-9]$/i.test(key) && event.shiftKey !== parts.includes('Shift')) return false
  return event.key.toLowerCase() === key.toLowerCase()
}

/** Where letters are typed, single keys belong to the text. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null
  return target?.matches('input:not([type=checkbox], [type=radio], [type=range]), textarea, select') ?? false
}
