export type { DeployedContracts, Deployment } from "./Deployment.js";
export {
  getDeployment,
  listDeployments,
  registerDeployment,
  type NetworkReference,
} from "./registry.js";
