import { formatUnits } from "ethers";
import type { Chain } from "./connectNetwork.js";
import { rpc } from "./rpc.js";

/** Ignition's own fixed price on Amoy, whose node answers far too much. */
const AMOY = { chainId: 80002, gasPrice: 32_000_000_000n };

/** The most a unit of gas will cost now, as Ignition will pay it. */
export async function gasPriceOn({ network, url, provider }: Chain): Promise<bigint> {
  if (network.chainId === AMOY.chainId) return AMOY.gasPrice;
  if (network.main) return BigInt((await rpc(url, "eth_gasPrice", [])) as string);
  const { maxFeePerGas, gasPrice } = await provider.getFeeData();
  return maxFeePerGas ?? gasPrice ?? 0n;
}

/** "0.0421 POL": an amount of the coin, to four significant digits or more. */
export function coins(amount: bigint, { network }: Chain): string {
  const text = formatUnits(amount, 18);
  const [whole = "0", fraction = ""] = text.split(".");
  const zeros = /^0*/.exec(fraction)?.[0].length ?? 0;
  const digits = whole === "0" ? zeros + 4 : 4;
  const short = fraction.slice(0, digits).replace(/0+$/, "");
  return `${whole}${short === "" ? "" : `.${short}`} ${network.coin}`;
}

export function gwei(price: bigint): string {
  return `${formatUnits(price, "gwei")} gwei`;
}
