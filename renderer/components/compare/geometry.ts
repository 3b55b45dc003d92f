/** Zoom and pan of two pictures that lie on each other. Lengths are in pixels of the page. */
export interface View {
  /** Page pixels for one pixel of the picture. */
  zoom: number
  /** Where the picture's top left corner is in the frame. */
  x: number
  y: number
}

interface Size {
  width: number
  height: number
}

export const mostZoom = 32

/** The whole picture, centred. Small pictures are enlarged by whole numbers, so that every pixel is the same size. */
export function fitView(picture: Size, frame: Size): View {
  const exact = Math.min(frame.width / picture.width, frame.height / picture.height) * 0.98
  const zoom = Math.max(0.01, Math.min(mostZoom, exact >= 2 ? Math.floor(exact) : exact))
  return centred(picture, frame, zoom)
}

export function centred(picture: Size, frame: Size, zoom: number): View {
  return { zoom, x: (frame.width - picture.width * zoom) / 2, y: (frame.height - picture.height * zoom) / 2 }
}

/** Zooms by `factor` so that the point of the picture below (px, py) of the frame stays there. */
export function zoomAt(view: View, factor: number, px: number, py: number): View {
  const zoom = Math.max(0.01, Math.min(mostZoom, view.zoom * factor))
  const ratio = zoom / view.zoom
  return { zoom, x: px - (px - view.x) * ratio, y: py - (py - view.y) * ratio }
}
