// Imported first by whatever a person runs: an old Node must meet a sentence, not a stack trace. No syntax newer than
// the Node it refuses.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Edda needs Node.js 20.19 or newer; this is ${process.version} (${process.execPath}).`)
  process.exit(1)
}
