export {
  goldenVectors,
  type GoldenVectors,
  type MarketVector,
  type OrderVector,
} from "./goldenVectors.js";
export { createSandbox, type CreateSandboxOptions, type Sandbox } from "./createSandbox.js";
export { deployContracts, type DeployContractsParams } from "./deployContracts.js";
export { SandboxProvider } from "./SandboxProvider.js";
