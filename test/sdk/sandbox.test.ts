import { createSandbox } from "@nostra/sdk/testing";
describe("x", () => { it("t", async () => {
 let t=Date.now(); const s = await createSandbox({accounts: 6}); console.log("create", Date.now()-t);
 t=Date.now(); const m = await s.createMarket(); console.log("market", Date.now()-t);
 s.close(); try { console.log(await s.provider.getBlockNumber()); } catch(e) { console.log("closed", (e as Error).message) }
 t=Date.now(); const s2 = await createSandbox({accounts: 6}); console.log("create", Date.now()-t);
 console.log(s.deployment, m);
});});
