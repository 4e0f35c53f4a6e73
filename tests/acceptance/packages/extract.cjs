// Extracts tarballs with the very code that `npm install` uses, and prints what stands on disk after each.
//
// usage: node extract.cjs NPM_FOLDER DESTINATION LIST, a file with a JSON array of tarball paths
// prints: one JSON array per line, [path, executable, sha256] of each file; or {"error": …}
const { createHash } = require('node:crypto')
const { mkdirSync, readFileSync, readdirSync, lstatSync, rmSync } = require('node:fs')
const { join, relative } = require('node:path')

const [npmFolder, destination, list] = process.argv.slice(2)
const pacote = require(join(npmFolder, 'node_modules', 'pacote'))

const listing = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => !lstatSync(path).isDirectory())
    .map((path) => [
      relative(folder, path),
      lstatSync(path).isFile() ? (lstatSync(path).mode & 0o100) !== 0 : lstatSync(path).mode,
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    ])

// npm's extractor throws out of reach at some names: then this archive has failed, and the next one follows.
let fail = (error) => {
  throw error
}
process.on('uncaughtException', (error) => fail(error))

const extract = async (tarball, index) => {
  const target = join(destination, String(index))
  mkdirSync(target, { recursive: true })
  try {
    const thrown = new Promise((_, reject) => {
      fail = reject
    })
    const settings = { cache: join(destination, 'cache'), umask: 0o022 }
    await Promise.race([pacote.extract(`file:${tarball}`, target, settings), thrown])
    return listing(target)
  } catch (error) {
    return { error: error.code || error.message }
  } finally {
    rmSync(target, { recursive: true, force: true })
  }
}

const main = async () => {
  const tarballs = JSON.parse(readFileSync(list))
  for (const [index, tarball] of tarballs.entries()) {
    process.stdout.write(JSON.stringify(await extract(tarball, index)) + '\n')
  }
}
main()
