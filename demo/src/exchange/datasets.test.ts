import { readdir, readFile } from 'node:fs/promises'
import { sampleSchema, tableSchema } from '@enigma/protocol'
import { describe, expect, it } from 'vitest'

const directory = new URL('../../datasets/', import.meta.url)
const names = (await readdir(directory)).filter((name) => name.endsWith('.json'))

describe('the dataset descriptions', () => {
  it('are four', () => expect(names).toHaveLength(4))

  it.each(names)('%s declares tables, units and a sample that fit the manifest', async (name) => {
    const description = JSON.parse(await readFile(new URL(name, directory), 'utf8')) as {
      tables: unknown[]
      sample: unknown[]
    }
    for (const table of description.tables)
      expect(tableSchema['~standard'].validate(table)).not.toHaveProperty('issues')
    for (const sample of description.sample)
      expect(sampleSchema['~standard'].validate(sample)).not.toHaveProperty('issues')
    const tables = description.tables as { name: string; columns: { description?: string }[] }[]
    const samples = description.sample as { table: string }[]
    expect(samples.every(({ table }) => tables.some((each) => each.name === table))).toBe(true)
    expect(tables.every(({ columns }) => columns.every((column) => column.description !== undefined))).toBe(true)
  })
})
