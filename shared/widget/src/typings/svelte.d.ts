/** `<enigma-query>` in Svelte's markup: `import type {} from '@enigma/widget/svelte'`. */
import type { EnigmaEvents, EnigmaQueryAttributes, EnigmaQueryElement } from '../element-types.ts'
import type { HTMLAttributes } from 'svelte/elements'

type Handlers = {
  [Name in keyof EnigmaEvents as `on${Name}`]?: (event: CustomEvent<EnigmaEvents[Name]>) => void
}

declare module 'svelte/elements' {
  interface SvelteHTMLElements {
    'enigma-query': HTMLAttributes<EnigmaQueryElement> & EnigmaQueryAttributes & Handlers
  }
}
