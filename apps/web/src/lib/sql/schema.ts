/** The tables of a dataset as the editor knows them. */
export type SqlColumn = { name: string; type: string; unit?: string; description?: string }
export type SqlTable = { name: string; description?: string; columns: readonly SqlColumn[] }
/** `defaultTable`: whose columns are offered before the statement names a table. */
export type SqlSchema = { tables: readonly SqlTable[]; defaultTable: string | undefined; functions: readonly string[] }

const plainName = /^[a-z_][a-z0-9_]*$/

/** A name as it must stand in SQL: quoted where it is no plain lower-case word or is one of SQL's own. */
export function quoteIdentifier(name: string): string {
  return plainName.test(name) && !reservedWords.has(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** Words that DuckDB takes for syntax wherever an expression may stand. */
const reservedWords: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
  deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect
  into lambda lateral leading limit not null offset on only or order pivot placing primary qualify references returning
  select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window
  with`.split(/\s+/),
)
