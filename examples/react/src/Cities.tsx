import { useEffect, useState } from 'react'
import { readSample } from './marketplace.ts'

type City = readonly [city: string, state: string]

/** Rows by the SDK, for whatever is more than a table or a chart. */
export function Cities() {
  const [cities, setCities] = useState<readonly City[]>([])
  const [error, setError] = useState<string>()
  useEffect(() => {
    const leave = new AbortController()
    readSample('SELECT city, state FROM zipcodes ORDER BY city LIMIT 5', leave.signal).then(
      (rows) => setCities(rows as unknown as City[]),
      (reason: unknown) => {
        if (!leave.signal.aborted) setError(reason instanceof Error ? reason.message : String(reason))
      },
    )
    return () => leave.abort()
  }, [])
  if (error !== undefined) return <p role="alert">{error}</p>
  return (
    <ul aria-label="Cities">
      {cities.map(([city, state]) => (
        <li key={`${city} ${state}`}>
          {city}, {state}
        </li>
      ))}
    </ul>
  )
}
