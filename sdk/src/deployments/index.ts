export type { DeployedContractName, DeployedContracts, Deployment } from "./Deployment.js";
export {
  ADMINISTERED,
  planDeployment,
  type CallStep,
  type ContractStep,
  type DeploymentPlan,
  type PlanCheck,
  type PlanDeploymentParams,
  type PlanValue,
} from "./planDeployment.js";
export {
  getDeployment,
  listDeployments,
  registerDeployment,
  type NetworkReference,
} from "./registry.js";
