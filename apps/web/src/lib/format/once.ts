/** Makes something when it is first used, and keeps it: the first formatters cost a phone a tenth of a second. */
export function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => (made ??= make())
}
