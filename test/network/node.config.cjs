/** A bare chain for tests of the network path: `hardhat node --config` this, with CHAIN_ID in the environment. */
module.exports = {
  solidity: "0.8.30",
  networks: { hardhat: { chainId: Number(process.env.CHAIN_ID ?? 31337) } },
};
