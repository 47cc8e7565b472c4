import { createRequire } from "node:module";
import path from "node:path";
import { type HardhatUserConfig } from "hardhat/config";
import base from "../../hardhat.config";

const ROOT = path.resolve(__dirname, "../..");

interface Injector {
  /** The 8 bytes that mark a place: the code puts them on the stack there, and the collector looks for them. */
  _getHash(file: string): string;
}

/**
 * solidity-coverage makes a mark from the file's absolute path, and with the IR pipeline it does not know a mark again
 * whose first byte is zero: about one place in 256 then counts as never run, another one in every checkout. So marks are
 * made from the path inside the project, and one with a zero byte at an end is passed over.
 */
const { prototype } = createRequire(__filename)("solidity-coverage/lib/injector") as {
  prototype: Injector;
};
const hashOf = prototype._getHash;
prototype._getHash = function (file) {
  for (;;) {
    const mark = hashOf.call(this, path.relative(ROOT, file));
    if (!/^0x00|00$/.test(mark)) return mark;
  }
};

/** The calls that tell which lines ran cost gas themselves. */
const COUNTS_GAS = /costs no more than/;

/** The ordinary build, but what is instrumented lies in coverage/, out of the way of artifacts/ and typechain-types/. */
const config: HardhatUserConfig = {
  ...base,
  paths: {
    root: ROOT,
    artifacts: "coverage/build/artifacts",
    cache: "coverage/build/cache",
  },
  typechain: { ...base.typechain, dontOverrideCompile: true },
  mocha: { ...base.mocha, reporter: "dot", grep: COUNTS_GAS, invert: true },
};

export default config;
