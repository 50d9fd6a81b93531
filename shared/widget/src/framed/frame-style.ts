/** How the frame's own page looks: the widget fills it. The page that holds it has no say but light or dark. */
import { widgetStyle } from '../view/widget-style.ts'

const pageCss = `html,body{block-size:100%;margin:0;overflow:hidden}`

const hostCss = `:host{display:flex;flex-direction:column;block-size:100%;box-sizing:border-box;overflow:auto;
color-scheme:light dark;font:.9375rem/1.5 system-ui,sans-serif}
:host([hidden]){display:none}
:host([theme=light]){color-scheme:light}
:host([theme=dark]){color-scheme:dark}
/* Wholly there, or the frame is too small: it does not scroll within itself. */
.note{flex:none;min-block-size:100%;box-sizing:border-box;overflow:visible;border:1px solid var(--border);color:var(--fg);background:var(--bg);overflow-wrap:anywhere}
.row{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center}
a{color:var(--accent)}
dl{display:grid;grid-template-columns:auto 1fr;gap:0 .75rem;margin:0 0 .5rem;font-size:.8125rem}
dt{color:var(--muted)}dd{margin:0}`

function sheetOf(css: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  return sheet
}

/** Gives the document its sheet. */
export function stylePage(): void {
  document.adoptedStyleSheets = [sheetOf(pageCss)]
}

/** An element with a shadow tree that fills the page. */
export function createPane(): { element: HTMLElement; root: ShadowRoot } {
  const element = document.createElement('div')
  const root = element.attachShadow({ mode: 'open' })
  root.adoptedStyleSheets = [widgetStyle(), sheetOf(hostCss)]
  return { element, root }
}
