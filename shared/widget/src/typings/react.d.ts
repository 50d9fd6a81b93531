/** `<enigma-query>` in React's JSX: `import type {} from '@enigma/widget/react'`. */
import type { EnigmaEvents, EnigmaQueryAttributes, EnigmaQueryElement } from '../element-types.ts'

type Handlers = {
  [Name in keyof EnigmaEvents as `on${Name}`]?: (event: CustomEvent<EnigmaEvents[Name]>) => void
}

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'enigma-query': DetailedHTMLProps<HTMLAttributes<EnigmaQueryElement>, EnigmaQueryElement> &
        EnigmaQueryAttributes &
        Handlers
    }
  }
}
