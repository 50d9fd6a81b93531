// Datasets are not known when the site is built: one page of no dataset is, and its relay serves it for every dataset.
export const prerender = true
export const ssr = false
export const entries = () => [{ curator: '_', name: '_' }]
