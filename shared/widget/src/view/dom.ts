/** Elements made by hand: text is always text, and no attribute can hold a script, a style or an address. */

type AttributeName =
  | `aria-${string}`
  | ('class' | 'part' | 'role' | 'dir' | 'lang' | 'id' | 'title' | 'type' | 'tabindex' | 'hidden' | 'scope' | 'name')
  | ('datetime' | 'value' | 'disabled' | 'viewBox' | 'width' | 'height' | 'd' | 'x' | 'y' | 'x1' | 'x2' | 'y1' | 'y2')
  | ('cx' | 'cy' | 'r' | 'dx' | 'dy' | 'transform' | 'text-anchor' | 'preserveAspectRatio' | 'focusable' | 'for')

/** A value of undefined or false leaves the attribute out, true makes it empty. */
export type Attributes = Partial<Record<AttributeName, string | number | boolean | undefined>>

/** An HTML element. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  return fill(document.createElement(name), attributes, children)
}

/** An SVG element. */
export function draw<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[Name] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

/** A button that is pressed by mouse, touch or keyboard. */
export function makeButton(
  text: string,
  onPress: (event: Event) => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const button = make('button', { type: 'button', part: 'button', ...attributes }, text)
  button.addEventListener('click', onPress)
  return button
}

function fill<Made extends Element>(element: Made, attributes: Attributes, children: readonly (Node | string)[]): Made {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children)
  return element
}
