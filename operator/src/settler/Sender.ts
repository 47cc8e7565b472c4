import type { Log } from "../log";
import type { Rpc } from "../rpc";
import { broadcast } from "./broadcast";
import { readBalance, type Head } from "./chain";
import { suggestFees } from "./fees";
import type { Hindrances } from "./Hindrances";
import type { SignFor } from "./Journal";
import { signAttempt } from "./signAttempt";
import type { Attempt, Fees, Hex, OpenSettlement, TransactionSigner } from "./types";

/** What a transaction of a lane does. */
export interface Content {
  readonly to: string;
  readonly data: Hex;
  readonly gasLimit: bigint;
}

export interface SenderParams {
  readonly rpc: Rpc;
  readonly wallet: TransactionSigner;
  readonly chainId: number;
  readonly exchange: string;
  readonly maxFeeCap: bigint;
  readonly hindrances: Hindrances;
  readonly log: Log;
}

export const VOID_GAS = 21_000n;

/** Prices, signs and sends the transactions of a lane. */
export class Sender {
  readonly #params: SenderParams;
  readonly #lane: string;

  constructor(params: SenderParams) {
    this.#params = params;
    this.#lane = params.wallet.address.toLowerCase();
  }

  /** Today's fees, if they are below the cap and the lane can pay them. */
  async payable(head: Head, gasLimit: bigint): Promise<Fees | undefined> {
    const { rpc, maxFeeCap, hindrances } = this.#params;
    const fees = await suggestFees(rpc, head.baseFee, maxFeeCap);
    if (fees === undefined) {
      this.raiseCap();
      return undefined;
    }
    hindrances.calm("gas_price_above_cap");
    const balance = await readBalance(rpc, this.#lane);
    const need = gasLimit * fees.maxFeePerGas;
    if (balance < need) {
      const text = `the operator's account has ${balance} wei for gas and the next settlement may need ${need}`;
      hindrances.raise("operator_gas", "CRITICAL", { balance: balance.toString() }, text);
      return undefined;
    }
    hindrances.calm("operator_gas");
    return fees;
  }

  raiseCap(): void {
    const { hindrances, maxFeeCap } = this.#params;
    const text = `gas costs more than the cap of ${maxFeeCap} wei`;
    hindrances.raise("gas_price_above_cap", "HIGH", { cap: maxFeeCap.toString() }, text);
  }

  nothing(): Content {
    return { to: this.#lane, data: "0x", gasLimit: VOID_GAS };
  }

  calling({ calldata, gasLimit }: Pick<OpenSettlement, "calldata" | "gasLimit">): Content {
    return { to: this.#params.exchange, data: calldata, gasLimit };
  }

  signer({ fees, head, ...content }: Content & { fees: Fees; head: Head }): SignFor {
    const { wallet, chainId } = this.#params;
    return (nonce) =>
      signAttempt(wallet, { ...content, ...fees, nonce, chainId, signedAtBlock: head.number });
  }

  async send({ hash, raw }: Attempt): Promise<void> {
    const { rpc, log, hindrances } = this.#params;
    const { reception, message } = await broadcast(rpc, raw);
    log.info({ hash, reception, message, lane: this.#lane }, "transaction sent");
    if (reception === "poor") {
      const text = `the operator's account cannot pay for gas: ${message}`;
      hindrances.raise("operator_gas", "CRITICAL", { message }, text);
    }
  }
}
