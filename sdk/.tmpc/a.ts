import { limitAmounts } from "@nostra/sdk/units";
import { signOrder, buildOrder, orderDomain } from "@nostra/sdk/order";
import { fastSigner, toSigner } from "@nostra/sdk/signer";
import { Wallet } from "ethers";
export const a = limitAmounts({ side: "BUY", price: "0.5", size: "1" });
export const s = signOrder(buildOrder({ maker: "", tokenId: 1n, side: "BUY", nonce: 0n, price: "1", size: "1" }), new Wallet("0x"), orderDomain({ chainId: 1, exchange: "0x" }));
export const t = toSigner(fastSigner("0x"));
