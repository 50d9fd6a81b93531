// The site is static: pages are prerendered or fall back to `200.html`, and any relay or file server serves them.
export const prerender = true
export const trailingSlash = 'never'
