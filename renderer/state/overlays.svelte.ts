/** The one dialog that lies over the views, of those that can be opened from anywhere. */
export type Overlay = 'palette' | 'shortcuts' | 'settings' | 'diagnostics'

class Overlays {
  open: Overlay | null = $state(null)

  show(overlay: Overlay): void {
    this.open = overlay
  }

  close(): void {
    this.open = null
  }
}

export const overlays = new Overlays()
