// Plain JavaScript that Node 20 can parse: says clearly what is missing when the Node that npm brought is not used.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `Enigma needs Node 22.12 or newer and this is ${process.version}.\n` +
      'The project brings its own (optional dependency node-<platform>): run `npm start` or `npm test` from the repository root,\n' +
      'or install Node 26 if your platform has no such package.',
  )
  process.exit(1)
}
