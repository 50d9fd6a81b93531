/** What a DuckDB query may consist of: allow-lists over the syntax tree that `json_serialize_sql` gives (DESIGN §7). */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Query nodes; recursive ones have no bound on their work. */
export const queryNodes: ReadonlySet<string> = words('SELECT_NODE SET_OPERATION_NODE')

/** Table references; table functions and file names are none of these or no known table. */
export const tableReferences: ReadonlySet<string> = words('BASE_TABLE SUBQUERY JOIN EMPTY')

export const joinKinds: ReadonlySet<string> = words('REGULAR ASOF')

export const expressionClasses: ReadonlySet<string> = words(`
  COLUMN_REF CONSTANT COMPARISON CONJUNCTION FUNCTION OPERATOR CAST CASE BETWEEN SUBQUERY WINDOW STAR PARAMETER`)

/** What an expression of class OPERATOR may be. */
export const operators: ReadonlySet<string> = words(`
  OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_COALESCE OPERATOR_NULLIF COMPARE_IN COMPARE_NOT_IN
  ARRAY_EXTRACT GROUPING_FUNCTION`)

export const modifiers: ReadonlySet<string> = words('ORDER_MODIFIER LIMIT_MODIFIER DISTINCT_MODIFIER')

export const castTypes: ReadonlySet<string> = words(`
  BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT FLOAT DOUBLE DECIMAL VARCHAR
  DATE TIME TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS INTERVAL BLOB UUID`)

/** Functions whose value depends on nothing but their arguments, whatever the order of rows and number of threads. */
const exactFunctions = `
  + - * / // % || & | << >> ~ xor = <> != < > <= >= ~~ !~~ ~~* !~~* ~~~ and or not
  abs round floor ceil ceiling trunc sign greatest least coalesce ifnull nullif if
  sqrt degrees radians pi gcd lcm even
  lower upper lcase ucase length len char_length character_length strlen substring substr left right trim ltrim rtrim concat concat_ws replace reverse
  starts_with prefix suffix ends_with contains position strpos instr split_part like_escape not_like_escape
  regexp_matches regexp_full_match regexp_extract regexp_replace translate ascii chr unicode ord
  date_trunc date_part datepart date_diff datediff date_sub datesub date_add extract
  year month day hour minute second quarter week dayofweek dayofmonth dayofyear isodow isoyear weekofyear yearweek
  dayname monthname last_day time_bucket epoch epoch_ms epoch_us make_date make_timestamp to_timestamp strftime strptime
  to_years to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds age
  isnan isinf isfinite md5 sha256 jaro_winkler_similarity hamming`

/** Aggregates that are exact on integers and decimals. */
const exactAggregates = 'count count_star count_if countif min max sum bool_and bool_or'

/** Functions whose value may differ: by order of rows, rounding, mathematics library, engine version, or the clock. */
const otherFunctions = `
  ** ^ cbrt ln log log2 log10 exp pow power sin cos tan asin acos atan atan2 hash timezone list_value
  avg mean median quantile_cont quantile_disc mode stddev stddev_samp stddev_pop variance var_samp var_pop
  corr covar_pop covar_samp regr_slope regr_intercept regr_r2 skewness kurtosis entropy fsum kahan_sum product
  first last any_value arg_min arg_max min_by max_by approx_count_distinct approx_quantile
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
  now current_date current_timestamp today`

export const deterministicFunctions: ReadonlySet<string> = words(`${exactFunctions} ${exactAggregates}`)
export const aggregateFunctions: ReadonlySet<string> = words('sum')
/** Functions that may give floating-point numbers of exact ones, so that sums over them depend on the order of rows. */
export const inexactFunctions: ReadonlySet<string> = words(`
  / sqrt degrees radians pi epoch date_part datepart extract jaro_winkler_similarity`)

/** Values that SQL names like columns: those of the clock, and those of the session, which are nobody's business. */
export const volatileValueNames: ReadonlySet<string> = words(`
  current_date current_time current_timestamp localtime localtimestamp`)
export const refusedValueNames: ReadonlySet<string> = words(`
  current_user current_role session_user current_schema current_catalog`)

/** Every function a query may call. */
export const allowedFunctions: ReadonlySet<string> = new Set([...deterministicFunctions, ...words(otherFunctions)])
