import type { Deployment } from "../deployments/Deployment.js";
import { requireDeployment } from "../deployments/registry.js";
import { InputError } from "../errors/InputError.js";
import { JsonError } from "../errors/JsonError.js";
import { withoutContent } from "../errors/withoutContent.js";
import { parseAddress } from "../ids/address.js";
import { findDuplicateField } from "../order/findDuplicateField.js";
import type { Address, Hex } from "../order/Order.js";

/** A deployment with what its file tells beyond that; one that ships with the SDK has only the deployment. */
export interface RecordedDeployment extends Deployment {
  /** The account the administration was meant for. */
  readonly admin?: Address;
  readonly records?: Readonly<Record<string, DeploymentRecord>>;
}

export interface DeploymentRecord {
  /** Name of the compiled contract. */
  readonly contract: string;
  readonly abiHash: Hex;
  /** Null for a contract that was there before. */
  readonly deployed: object | null;
}

/**
 * Reads a deployment file. Of its fields, those used here are checked; what else it records is for the deployer.
 * @throws JsonError when it is no JSON, InputError naming the field that is out of place.
 */
export function parseDeployment(text: string): RecordedDeployment {
  const file = requireObject("deployment", parseJson(text));
  requireObject("deployment.contracts", file["contracts"]);
  requireDeployment(file as unknown as Deployment);
  const { network, chainId, startBlock, contracts } = file as unknown as Deployment;
  for (const [name, address] of Object.entries(contracts)) {
    parseAddress(address as string, `deployment.contracts.${name}`);
  }
  const { admin, records } = file;
  return {
    ...{ network, chainId, startBlock, contracts },
    ...(admin === undefined ? {} : { admin: parseAddress(admin as string, "deployment.admin") }),
    ...(records === undefined ? {} : { records: parseRecords(records) }),
  };
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JsonError("INVALID_JSON", "deployment", withoutContent(text), "JSON text");
  }
  const duplicate = findDuplicateField(text);
  if (duplicate !== undefined) {
    throw new JsonError("DUPLICATE_FIELD", duplicate, "given twice", "each field once");
  }
  return value;
}

function parseRecords(value: unknown): Record<string, DeploymentRecord> {
  const records = requireObject("deployment.records", value);
  for (const [name, record] of Object.entries(records)) {
    const at = `deployment.records.${name}`;
    const { contract, abiHash, deployed } = requireObject(at, record);
    if (typeof contract !== "string") {
      throw new InputError(`${at}.contract`, contract, "the name of a contract");
    }
    if (typeof abiHash !== "string" || !/^0x[0-9a-f]{64}$/.test(abiHash)) {
      throw new InputError(`${at}.abiHash`, abiHash, "32 bytes as 0x-prefixed hex");
    }
    if (typeof deployed !== "object") {
      throw new InputError(`${at}.deployed`, deployed, "an object, or null");
    }
  }
  return records as Record<string, DeploymentRecord>;
}

function requireObject(field: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(field, withoutContent(value), "an object");
  }
  return value as Record<string, unknown>;
}
