import { version as ethersVersion } from "ethers";
import type { Options, World } from "../command.js";
import { reachChain, type Chain } from "../connectNetwork.js";
import { hostOf } from "../rpc.js";
import { targetOf, type Target } from "../target.js";
import { ok, type Check, type Search } from "./report.js";

/* What there must be before anything on chain can be looked at. */

/** As @nostra/sdk's package.json has them. */
export const LEAST_NODE = "20.19.0";
export const ETHERS = { least: "6.14.0", below: "7.0.0" };

/** The local clock, and the last block of a chain that makes one every few seconds, differ by less. */
const CLOCK_TOLERANCE_SECONDS = 60;

export function nodeCheck(): Check {
  return {
    name: "node",
    todo: `install ${LEAST_NODE} or newer`,
    look: async () => {
      const { node } = process.versions;
      return isAtLeast(node, LEAST_NODE) ? ok(node) : { state: "fail", what: node };
    },
  };
}

export function ethersCheck(): Check {
  return {
    name: "ethers",
    todo: `npm install ethers@^${ETHERS.least}`,
    look: async () => {
      const fits =
        isAtLeast(ethersVersion, ETHERS.least) && !isAtLeast(ethersVersion, ETHERS.below);
      return fits ? ok(ethersVersion) : { state: "fail", what: ethersVersion };
    },
  };
}

function isAtLeast(version: string, least: string): boolean {
  return version.localeCompare(least, "en", { numeric: true }) >= 0;
}

export function targetSearch(options: Options, world: World): Search<Target> {
  return {
    name: "deployment",
    todo: "name a network that is deployed to by --network, or a deployment's file by --deployment",
    find: async () => targetOf(options, world),
    show: ({ deployment }) => `${deployment.network}, from block ${deployment.startBlock}`,
  };
}

export function chainSearch({ network }: Target, options: Options, world: World): Search<Chain> {
  return {
    name: "chain",
    todo: `give an RPC of ${network.name} by --rpc or ${network.rpcVariable}`,
    find: () => reachChain(network, options, world.env),
    show: ({ url }) => `${hostOf(url)} is of chain ${network.chainId}`,
  };
}

/** An order's life is counted by the chain's clock, and usually set by the local one. */
export function clockCheck({ provider }: Chain): Check {
  return {
    name: "clock",
    todo: "set this machine's clock, or wait for the chain's next block; expirations are counted by the chain",
    look: async () => {
      const block = await provider.getBlock("latest");
      const behind = Math.floor(Date.now() / 1000) - (block?.timestamp ?? 0);
      const what =
        behind < 0
          ? `the last block is ${-behind} s ahead of the local clock`
          : `the last block is ${behind} s old`;
      return Math.abs(behind) <= CLOCK_TOLERANCE_SECONDS ? ok(what) : { state: "warn", what };
    },
  };
}
