/** SQL's own words, as far as a query may hold them: the guard refuses every other statement. */
const words = (text: string): readonly string[] => text.trim().split(/\s+/)

export const keywords: readonly string[] = words(`
  select from where group order by having limit offset distinct as on using join inner left right full outer cross asof
  and or not in is null like ilike between exists case when then else end cast union intersect except all with
  asc desc nulls first last over partition rows range preceding following unbounded current row filter qualify window
  true false interval extract epoch year month day hour minute second coalesce`)

export const typeNames: readonly string[] = words(`
  boolean tinyint smallint integer bigint hugeint float double decimal varchar text timestamp blob uuid`)
