import { createRequire } from "node:module";
import path from "node:path";
import type { Eip1193Provider } from "ethers";
import { NostraError } from "../errors/NostraError.js";
import type { Hex } from "../order/Order.js";

export interface HardhatChainParams {
  readonly chainId: number;
  /** Keys of the accounts that exist from the start, each with plenty of gas money. */
  readonly privateKeys: readonly Hex[];
  /** Unix second of the first block. */
  readonly startTimeSeconds: number;
}

/** Hardhat is not installed, or not a version whose in-process chain can be started. */
export class SandboxUnavailableError extends NostraError {
  constructor(cause: unknown) {
    super(
      "SANDBOX_UNAVAILABLE",
      "the sandbox needs hardhat 2 beside the SDK (npm i -D hardhat@2)",
      {
        cause,
      },
    );
  }
}

/** Ten thousand units of gas money per account. */
const ACCOUNT_BALANCE = (10n ** 22n).toString();

/**
 * Starts a chain of its own inside this process: nothing listens, nothing is written, and it ends with the process.
 *
 * Hardhat 2 has no public function for a second in-process chain beside the one of its runtime environment, so the one
 * its runtime environment is built with is called. It lives here, behind one function, and nowhere else.
 */
export async function startHardhatChain(params: HardhatChainParams): Promise<Eip1193Provider> {
  try {
    const load = createRequire(path.join(process.cwd(), "package.json"));
    const { createProvider } = load("hardhat/internal/core/providers/construction") as {
      createProvider: (config: unknown, network: string) => Promise<Eip1193Provider>;
    };
    const { defaultHardhatNetworkParams } = load("hardhat/internal/core/config/default-config") as {
      defaultHardhatNetworkParams: object;
    };
    return await createProvider(
      {
        networks: {
          hardhat: {
            ...defaultHardhatNetworkParams,
            chainId: params.chainId,
            initialDate: new Date(params.startTimeSeconds * 1000).toISOString(),
            accounts: params.privateKeys.map((privateKey) => ({
              privateKey,
              balance: ACCOUNT_BALANCE,
            })),
          },
        },
      },
      "hardhat",
    );
  } catch (cause) {
    throw new SandboxUnavailableError(cause);
  }
}
