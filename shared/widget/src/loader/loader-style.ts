/** The frame's place on the page, the same before and after the rest is loaded: nothing moves when rows come. */

/** A constructed sheet: a page's policy may forbid every other kind. */
export function loaderStyle(): CSSStyleSheet {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`:host{display:flex;flex-direction:column;box-sizing:border-box;contain:content;
block-size:var(--enigma-min-height,22rem);overflow:auto;
font:var(--enigma-font,.9375rem/1.5 system-ui,sans-serif)}
:host([view=value]){block-size:var(--enigma-min-height,7rem)}
:host([view=sparkline]){block-size:var(--enigma-min-height,4rem)}
:host([hidden]){display:none}
:host([theme=light]){color-scheme:light}
:host([theme=dark]){color-scheme:dark}`)
  return sheet
}
