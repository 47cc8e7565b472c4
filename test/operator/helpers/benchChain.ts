import { HardhatEthersProvider } from "@nomicfoundation/hardhat-ethers/internal/hardhat-ethers-provider";
import hre from "hardhat";
import { createProvider } from "hardhat/internal/core/providers/construction";
import type { Chain } from "./settling";

/** Gas of a block: more than any node's limit on a call or a transaction, so that a profile's own limits are what counts. */
export const BENCH_BLOCK_GAS = 100_000_000;

/**
 * Another in-process chain, beside the one of Hardhat's configuration. Its rules are Prague's: it has no limit of its own on
 * the gas of a transaction or a call, so a node profile in front of it imposes whichever limit its node has.
 */
export async function openBenchChain(): Promise<Chain> {
  const hardhat = { ...hre.config.networks.hardhat, hardfork: "prague" };
  // A question with block overrides is asked in a block that may have the time of the one before.
  const lenient = { blockGasLimit: BENCH_BLOCK_GAS, allowBlocksWithSameTimestamp: true };
  const networks = { hardhat: { ...hardhat, ...lenient } };
  const config = { ...hre.config, networks: { ...hre.config.networks, ...networks } };
  const provider = await createProvider(config as never, "hardhat", hre.artifacts as never);
  return {
    provider: { send: (method, params) => provider.request({ method, params }) },
    ethers: new HardhatEthersProvider(provider as never, "bench"),
  };
}
