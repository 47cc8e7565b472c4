// Runs before anything else, on whatever Node there is: keep to syntax that old versions read.
// 20.19 is the first that loads ES modules with require(), which the SDK's CommonJS build relies on.
var version = process.versions.node.split(".").map(Number);
if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  console.error("Nostra needs Node 20.19 or newer; this is Node " + process.versions.node + ".");
  process.exit(1);
}
