// The commands use the compiled contracts and the built SDK; without them Node's own message would not say what to do.
var fs = require("node:fs");
var path = require("node:path");
var root = path.join(__dirname, "../..");
var needed = [
  "sdk/dist/cjs/index.js",
  "artifacts/contracts/exchange/CTFExchange.sol/CTFExchange.json",
];
// Who bundles for browsers says "esm" too.
if (process.argv.includes("esm")) needed.push("sdk/dist/esm/index.js");
var missing = needed.filter(function (file) {
  return !fs.existsSync(path.join(root, file));
});
if (missing.length > 0) {
  console.error("error: not built yet: npm run build");
  process.exit(1);
}
