/**
 * How a picture was made, written into it as XMP (ISO 16684-1), so that it can be made again: every format that we
 * write has room for it. No names of files are in it.
 */
import sharp from 'sharp'
import { type Recipe, recipe } from '../../../shared/domain.ts'

const field = 'uphill:recipe'
/** More than this is none of ours. */
const longest = 16_384

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** The XMP packet that says it. */
export function recipeXmp(made: Recipe): string {
  const text = JSON.stringify(made).replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign)
  return (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ' +
    `xmlns:uphill="urn:uphill:recipe:1" ${field}="${text}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
  )
}

/** What a picture says of how it was made here; null when it says nothing that we understand. The file is only read. */
export async function readRecipe(path: string): Promise<Recipe | null> {
  const metadata = await sharp(path, { limitInputPixels: false })
    .metadata()
    .catch(() => null)
  return metadata?.xmp ? parseRecipe(metadata.xmp.toString('utf8')) : null
}

export function parseRecipe(xmp: string): Recipe | null {
  const found = new RegExp(`${field}="([^"]{1,${longest}})"`).exec(xmp)?.[1]
  if (found === undefined) return null
  const text = found.replace(
    /&(?:amp|lt|gt|quot|apos);/g,
    (escape) => Object.entries(escapes).find(([, each]) => each === escape)?.[0] ?? escape,
  )
  try {
    return recipe.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
