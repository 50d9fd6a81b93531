import { type EnigmaQueryElement } from '@enigma/widget'
import type {} from '@enigma/widget/react'
import { useRef, useState } from 'react'
import { Cities } from './Cities.tsx'
import { dataset } from './marketplace.ts'

const sql = 'SELECT zip_code, city, state FROM zipcodes ORDER BY zip_code'

/** One tag shows live rows; what React does with it is what it does with any element. */
export function App() {
  const widget = useRef<EnigmaQueryElement>(null)
  const [isDark, setDark] = useState(false)
  const [isShown, setShown] = useState(true)
  const [rowCount, setRowCount] = useState(0)
  return (
    <main>
      <h1>Zip codes</h1>
      <p>
        <button onClick={() => void widget.current?.refresh()}>Look again</button>
        <button aria-pressed={isDark} onClick={() => setDark(!isDark)}>
          Dark
        </button>
        <button onClick={() => setShown(!isShown)}>{isShown ? 'Hide' : 'Show'}</button>
      </p>
      {isShown && (
        <>
          <enigma-query
            ref={widget}
            dataset={dataset}
            sql={sql}
            limit={20}
            theme={isDark ? 'dark' : 'light'}
            onenigma-result={(event) => setRowCount(event.detail.rowCount)}
          >
            <p>Zip codes of the country.</p>
          </enigma-query>
          <p role="status">{rowCount} rows</p>
          <Cities />
        </>
      )}
    </main>
  )
}
