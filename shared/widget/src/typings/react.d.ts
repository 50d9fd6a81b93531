/** `<enigma-query>` in React's JSX: `import type {} from '@enigma/widget/react'`. */
import type { EnigmaQueryAttributes, EnigmaQueryElement } from '../element-types.ts'

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'enigma-query': DetailedHTMLProps<HTMLAttributes<EnigmaQueryElement>, EnigmaQueryElement> & EnigmaQueryAttributes
    }
  }
}
