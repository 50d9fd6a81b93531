/** The attributes of `<enigma-query>`. */

/** Reflected as properties of the same name that are texts. */
export const textAttributes = [
  ...['sql', 'params', 'view', 'x', 'y', 'limit', 'relay', 'network', 'anchor'],
  ...['mode', 'access', 'grant', 'template', 'loading', 'theme'],
] as const

/** Every one that is observed: a change is live. */
export const observedAttributes: readonly string[] = [
  ...textAttributes,
  'dataset',
  'grant-url',
  'refresh',
  'controls',
  'lang',
]

/** Those that change how rows are shown, not which. */
export const shownAttributes: readonly string[] = ['view', 'x', 'y', 'theme', 'lang', 'controls', 'loading', 'refresh']
