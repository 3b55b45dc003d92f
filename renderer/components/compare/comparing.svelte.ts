export const compareModes = ['split', 'side', 'flip', 'difference'] as const
export type CompareMode = (typeof compareModes)[number]

/** How pictures are compared: kept from one picture, and one view, to the next. */
class Comparing {
  mode: CompareMode = $state('split')
  histogram = $state(false)
  /** How much a difference is enlarged. */
  factor = $state(4)

  next(by: number): void {
    const at = compareModes.indexOf(this.mode) + by
    this.mode = compareModes[(at + compareModes.length) % compareModes.length] ?? 'split'
  }

  /** The arrows choose among the modes, as in any group of radio buttons. */
  moveFocus(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    const group = (event.currentTarget as HTMLElement).parentElement
    this.next(by)
    const chosen = group?.children[compareModes.indexOf(this.mode)]
    if (chosen instanceof HTMLElement) chosen.focus()
  }
}

export const comparing = new Comparing()
