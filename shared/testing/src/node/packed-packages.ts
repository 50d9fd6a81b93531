/**
 * The packages as npm hands them out: built, packed, and installed in a folder of their own. What they depend on is what the
 * workspace has installed, at the versions that their manifests name, so that a test needs no network.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, glob, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../../..')

/** Where each package is packed from, and what builds it. */
const packages = {
  client: { folder: 'shared/client/dist', builder: 'scripts/build-sdk.mjs' },
  widget: { folder: 'shared/widget', builder: 'scripts/build-widget.mjs' },
}

export type PackedProject = {
  directory: string
  /** Where a package lies: as a program that installed it sees it. */
  packageDirectory: (name: keyof typeof packages) => string
  /** Copies an example of this repository there, and installs what it depends on; returns its folder. */
  addExample: (name: string, fill: (text: string) => string) => Promise<string>
  remove: () => Promise<void>
}

/** Makes an empty project that has both packages installed. */
export async function createPackedProject(): Promise<PackedProject> {
  // Within the system's folder: nothing of the workspace can be found by going up.
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'enigma-packed-')))
  const packageDirectory = (name: keyof typeof packages) => join(directory, 'node_modules/@enigma', name)
  for (const [name, { folder, builder }] of Object.entries(packages)) {
    await run(process.execPath, [builder], { cwd: root, maxBuffer: 2 ** 26 })
    const args = ['pack', `./${folder}`, '--json', '--ignore-scripts', '--pack-destination', directory]
    const { stdout } = await run('npm', args, { cwd: root, maxBuffer: 2 ** 26 })
    const [packed] = JSON.parse(stdout) as [{ filename: string }]
    const target = packageDirectory(name as keyof typeof packages)
    await mkdir(target, { recursive: true })
    await run('tar', ['-xzf', join(directory, packed.filename), '-C', target, '--strip-components=1'])
    await linkDependencies(directory, target)
  }
  return {
    directory,
    packageDirectory,
    addExample: (name, fill) => addExample(directory, name, fill),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

async function linkDependencies(directory: string, target: string): Promise<void> {
  const { dependencies = {} } = JSON.parse(await readFile(join(target, 'package.json'), 'utf8')) as Manifest
  for (const [name, version] of Object.entries(dependencies)) {
    await link(directory, name, await installed(name, version))
  }
}

/** Installs by a link, unless the project has the package already. */
async function link(directory: string, name: string, target: string): Promise<void> {
  const path = join(directory, 'node_modules', name)
  if (existsSync(path)) return
  await mkdir(dirname(path), { recursive: true })
  await symlink(target, path)
}

type Manifest = { version: string; dependencies?: Record<string, string> }

/** The workspace's copy of exactly that version. */
async function installed(name: string, version: string): Promise<string> {
  for await (const path of glob(`shared/*/node_modules/${name}/package.json`, { cwd: root })) {
    const manifest = JSON.parse(await readFile(join(root, path), 'utf8')) as Manifest
    if (manifest.version === version) return realpath(dirname(join(root, path)))
  }
  throw new Error(`no package of the workspace has ${name} ${version} installed`)
}

const texts = /[.](?:html|js|ts|tsx|svelte|json|css)$/

async function addExample(directory: string, name: string, fill: (text: string) => string): Promise<string> {
  const source = join(root, 'examples', name)
  const target = join(directory, name)
  await cp(source, target, { recursive: true, filter: (path) => !path.includes(`${name}/node_modules`) })
  for await (const path of glob('**/*', { cwd: target })) {
    if (!texts.test(path)) continue
    const file = join(target, path)
    await writeFile(file, fill(await readFile(file, 'utf8')))
  }
  for await (const path of glob(['node_modules/*', 'node_modules/@*/*'], { cwd: source })) {
    const name = path.slice('node_modules/'.length)
    if (/^@[^/]+$|^@enigma[/]/.test(name)) continue
    await link(directory, name, await realpath(join(source, path)))
  }
  return target
}
