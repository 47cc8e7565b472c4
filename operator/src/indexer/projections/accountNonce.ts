import { eventsNamed, type Projector } from "../project";

/** The nonce that an account's orders must carry, once it has raised it. */
export const projectAccountNonces: Projector = async (transaction, tables) => {
  for (const { event } of eventsNamed(transaction, "NonceIncremented")) {
    const account = event.args.maker.toLowerCase();
    await tables.find("account_nonce", { account });
    tables.put("account_nonce", { account, nonce: event.args.nonce.toString() });
  }
};
