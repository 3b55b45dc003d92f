/**
 * The page comes from app://uphill/, not from file://: it has an origin of its own,
 * reads nothing but its own folder, and gets its content security policy as a header.
 */
import { protocol, type Session } from 'electron'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'

const scheme = 'app'
const host = 'uphill'
export const pageAddress = `${scheme}://${host}/index.html`

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'", // widths of bars and the like; a style attribute loads nothing
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.jpg': 'image/jpeg',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

interface Answer {
  status: number
  headers: Record<string, string>
  body: Uint8Array<ArrayBuffer>
}

/** Call before the app is ready. */
export function declarePageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ])
}

/** Serves the files below `root`, and nothing else, to pages of this session. */
export function servePage(session: Session, root: string): void {
  // Electron 22 has only the older way.
  if ('handle' in session.protocol) {
    session.protocol.handle(scheme, async ({ url }) => {
      const { status, headers, body } = await answer(root, url)
      return new Response(body, { status, headers })
    })
    return
  }
  const old = session.protocol as typeof protocol
  old.registerBufferProtocol(scheme, ({ url }, respond) => {
    void answer(root, url).then(({ status, headers, body }) => {
      const mimeType = (headers['content-type'] ?? 'text/plain').split(';')[0] ?? 'text/plain'
      respond({ statusCode: status, headers, mimeType, data: Buffer.from(body) })
    })
  })
}

async function answer(root: string, address: string): Promise<Answer> {
  const refused = { status: 404, headers: { 'content-type': 'text/plain' }, body: new Uint8Array() }
  const url = new URL(address)
  const path = normalize(join(root, decodeURIComponent(url.pathname)))
  if (url.host !== host || !path.startsWith(root + sep)) return refused
  try {
    const headers = {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
    }
    return { status: 200, headers, body: new Uint8Array(await readFile(path)) }
  } catch {
    return refused
  }
}
