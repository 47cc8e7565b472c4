import { NostraError } from "./NostraError.js";

/** No deployment is known for a network. `details`: `network` as asked, `known` names. Register one's own chain first. */
export class DeploymentNotFoundError extends NostraError {
  constructor(network: string | number | bigint, known: readonly string[]) {
    const list = known.length === 0 ? "none" : known.join(", ");
    super("DEPLOYMENT_NOT_FOUND", `no deployment is known for ${network}; known: ${list}`, {
      details: { network, known },
    });
  }
}
