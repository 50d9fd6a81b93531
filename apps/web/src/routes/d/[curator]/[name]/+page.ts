// Served by the fallback page: datasets are not known when the site is built.
export const prerender = false
export const ssr = false
