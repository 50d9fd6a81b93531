// The site is static: every page is prerendered and served by any relay or file server.
export const prerender = true
