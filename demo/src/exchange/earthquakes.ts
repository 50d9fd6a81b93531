/** Flattens the GeoJSON of vega-datasets' earthquakes into one JSON line per earthquake, as `enigma dataset publish` reads. */
import { readFile, writeFile } from 'node:fs/promises'
import { vegaDataPath } from './package-data.ts'

type Feature = {
  id: string
  properties: Record<string, string | number | null>
  geometry: { coordinates: [longitude: number, latitude: number, depth: number] }
}

/** Writes the lines to `path` and returns how many there are. */
export async function writeEarthquakes({ path }: { path: string }): Promise<number> {
  const { features } = JSON.parse(await readFile(vegaDataPath('earthquakes.json'), 'utf8')) as { features: Feature[] }
  await writeFile(path, features.map((feature) => `${JSON.stringify(rowOf(feature))}\n`).join(''))
  return features.length
}

function rowOf({ id, properties, geometry }: Feature) {
  const [longitude, latitude, depth] = geometry.coordinates
  const { time, mag, magType, place, sig, tsunami, felt, type } = properties
  return {
    id,
    time: new Date(Number(time)).toISOString().replace('Z', ''),
    magnitude: mag,
    magnitude_type: magType,
    place,
    longitude,
    latitude,
    depth,
    significance: sig,
    tsunami: tsunami === 1,
    felt,
    kind: type,
  }
}
