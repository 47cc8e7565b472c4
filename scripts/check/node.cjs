// Runs before anything else, on whatever Node there is: keep to syntax that old versions read.
var major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error("Nostra needs Node 20 or newer; this is Node " + process.versions.node + ".");
  process.exit(1);
}
