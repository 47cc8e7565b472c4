import {
  DeploymentResultType,
  deploy,
  type DeploymentResult,
  type ExecutionEventListener,
} from "@nomicfoundation/ignition-core";
import type { Chain, Sender } from "#cli/connectNetwork";
import { CommandError } from "#cli/CommandError";
import { artifactResolver } from "./artifacts";
import { nostraModule } from "./nostraModule";
import { signingProvider } from "./signingProvider";
import { MODULE, type Steps } from "./steps";

const LOCAL_POLLING_MS = 40;
const POLLING_MS = 1_000;

/** Sends what the journal says is not done yet. @throws CommandError with every step that failed, and why. */
export async function runModule(
  chain: Chain,
  sender: Sender,
  steps: Steps,
  deploymentDir: string,
  say: (line: string) => void,
): Promise<void> {
  const automined = chain.provider.pollingInterval < POLLING_MS;
  const result = await deploy({
    config: {
      blockPollingInterval: automined ? LOCAL_POLLING_MS : POLLING_MS,
      requiredConfirmations: automined ? 1 : chain.network.confirmations,
    },
    artifactResolver,
    provider: signingProvider(chain, sender),
    executionEventListener: progress(steps, say),
    deploymentDir,
    ignitionModule: nostraModule(steps),
    deploymentParameters: {},
    accounts: [sender.address],
    defaultSender: sender.address,
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
    throw new CommandError(`the deployment did not finish: ${faultsOf(result)}`);
  }
}

/** Says a line for each step that is done. Ignition tells of much else, to which nobody listens. */
function progress({ all }: Steps, say: (line: string) => void): ExecutionEventListener {
  const width = String(all.length).length;
  const hashes = new Map<string, string>();
  const done = ({ futureId, result }: { futureId: string; result: EventResult }): void => {
    const step = futureId.replace(`${MODULE}#`, "");
    const place = all.findIndex(({ id }) => id === step) + 1;
    const count = `[${String(place).padStart(width)}/${all.length}]`;
    if (result.type !== "SUCCESS") {
      say(`${count} ${step} failed`);
      return;
    }
    const where = /^0x[0-9a-fA-F]{40}$/.test(result.result ?? "") ? ` at ${result.result}` : "";
    say(`${count} ${step}${where}  ${hashes.get(futureId) ?? ""}`.trimEnd());
  };
  const heard: Record<string, (event: never) => void> = {
    transactionConfirm: ({ futureId, hash }: { futureId: string; hash: string }) => {
      hashes.set(futureId, hash);
    },
    deploymentExecutionStateComplete: done,
    callExecutionStateComplete: done,
  };
  return new Proxy({} as ExecutionEventListener, {
    get: (_, name) => heard[String(name)] ?? (() => undefined),
  });
}

interface EventResult {
  readonly type: string;
  readonly result?: string;
}

function faultsOf(result: DeploymentResult): string {
  if (result.type === DeploymentResultType.SUCCESSFUL_DEPLOYMENT) return "";
  if (result.type === DeploymentResultType.EXECUTION_ERROR) {
    return [
      ...result.failed.map(({ futureId, error }) => `${futureId}: ${error}`),
      ...result.timedOut.map(({ futureId }) => `${futureId} was not mined in time; run it again`),
      ...result.held.map(({ futureId, reason }) => `${futureId} is held: ${reason}`),
    ].join("; ");
  }
  return Object.entries(result.errors)
    .map(([futureId, errors]) => `${futureId}: ${errors.join(", ")}`)
    .join("; ");
}
