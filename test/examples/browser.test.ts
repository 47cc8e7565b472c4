import { existsSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Wallet } from "ethers";
import { chromium, type Browser, type Page } from "playwright-core";
import { orderFromJson, orderDomain, hashOrder } from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { verifyOrder } from "@nostra/sdk/verify";
import { startServer } from "../../examples/browser/serve";

const CHROMIUM = process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--headless",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Where to leave pictures of the page, for people who look at it; none are taken without. */
const SCREENSHOTS = process.env["NOSTRA_SCREENSHOTS"];

/** How the wallet in the page behaves. */
interface Mood {
  readonly connects?: boolean;
  readonly signs?: boolean;
  readonly chainId?: string;
  /** Announces itself by EIP-6963 rather than by window.ethereum. */
  readonly announced?: boolean;
}

describe("examples: browser", function () {
  this.timeout(60_000);
  let browser: Browser;
  let server: Server;
  let sandbox: Sandbox;
  let user: Wallet;
  let url: string;
  /** What the wallet was asked to sign, since the page was opened. */
  let asked: string[];

  before(async function () {
    if (!existsSync(CHROMIUM)) {
      console.log(`      skipped: no browser at ${CHROMIUM}; set CHROMIUM_PATH`);
      this.skip();
    }
    sandbox = await createSandbox({ accounts: 2 });
    user = sandbox.accounts[0]!;
    await sandbox.createMarket({ question: "Will the page sign?" });
    server = await startServer(0, JSON.stringify(sandbox.deployment));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  });

  after(async () => {
    await browser?.close();
    server?.close();
    sandbox?.close();
  });

  /** A wallet outside the page: it signs with the key of `user`, and everything else it asks of the sandbox. */
  async function injectWallet(page: Page, mood: Mood): Promise<void> {
    const declined = { error: { code: 4001, message: "User rejected the request." } };
    await page.exposeFunction("askWallet", async (method: string, params: unknown[] = []) => {
      try {
        if (method === "eth_requestAccounts" || method === "eth_accounts") {
          return mood.connects === false ? declined : { result: [user.address.toLowerCase()] };
        }
        if (method === "eth_chainId" && mood.chainId) return { result: mood.chainId };
        if (method === "eth_signTypedData_v4") {
          asked.push(params[1] as string);
          if (mood.signs === false) return declined;
          const { domain, types, message } = JSON.parse(params[1] as string);
          const { Order } = types;
          return { result: await user.signTypedData(domain, { Order }, message) };
        }
        return { result: await sandbox.provider.send(method, params) };
      } catch (thrown) {
        const { code = -32603, message, data } = thrown as Error & { code?: number; data?: string };
        return { error: { code, message, data } };
      }
    });
    // As text: what tsc makes of a function may name helpers that the page does not have.
    await page.addInitScript(`{
      const provider = {
        request: async ({ method, params }) => {
          const { result, error } = await window.askWallet(method, params);
          if (error) throw Object.assign(new Error(error.message), error);
          return result;
        },
        on: () => undefined,
        removeListener: () => undefined,
      };
      const detail = { info: { uuid: "1", name: "Fox & Co", rdns: "x", icon: "" }, provider };
      if (${mood.announced === true}) {
        window.addEventListener("eip6963:requestProvider", () =>
          window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail })),
        );
      } else window.ethereum = provider;
    }`);
  }

  async function openPage(mood?: Mood, path = ""): Promise<Page> {
    asked = [];
    const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => expect.fail(`the page threw: ${error.message}`));
    if (mood !== undefined) await injectWallet(page, mood);
    await page.goto(url + path);
    return page;
  }

  const text = (page: Page, id: string): Promise<string> => page.locator(`#${id}`).innerText();
  const saying = (page: Page, start: string): Promise<void> =>
    page.locator("#message", { hasText: start }).waitFor();
  const picture = async (page: Page, name: string): Promise<void> => {
    if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
  };

  it("practice: the chain runs in the page, and the order is settled there", async () => {
    const page = await openPage();
    expect(await text(page, "wallets-hint")).to.equal("There is no wallet in this browser.");
    await picture(page, "start");
    await page.getByRole("button", { name: "Practise without a wallet" }).click();
    await page.getByLabel("Price, in USDC").waitFor();
    expect(await text(page, "status")).to.equal("ACTIVE");
    expect(await text(page, "question")).to.equal("Will it rain in Lisbon tomorrow?");
    expect([await text(page, "ask-yes"), await text(page, "ask-no")]).to.deep.equal([
      "0.45 USDC",
      "0.60 USDC",
    ]);
    expect([await text(page, "gives"), await text(page, "receives")]).to.deep.equal([
      "30 USDC",
      "50 shares",
    ]);

    // Better than the limit: the other trader's bid for NO at 0.55 makes YES cost 0.45.
    await page.getByRole("button", { name: "Sign the order" }).click();
    await saying(page, "Signed. It was filled at once.");
    expect([
      await text(page, "cash"),
      await text(page, "yes"),
      await text(page, "no"),
    ]).to.deep.equal(["977.5 USDC", "50", "0"]);
    expect(await text(page, "hash")).to.match(/^0x[0-9a-f]{64}$/);
    await picture(page, "practice");
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, "practice-dark");
    await page.setViewportSize({ width: 380, height: 800 });
    await picture(page, "practice-phone");

    // Only half of it is offered; the rest waits.
    await page.getByRole("radio", { name: "No", exact: true }).check();
    await page.getByLabel("Price, in USDC").fill("0.60");
    await page.getByLabel("Shares").fill("150");
    await page.getByRole("button", { name: "Sign the order" }).click();
    await saying(page, "Signed. It was filled in part; 30 USDC of it rests.");
    expect([
      await text(page, "cash"),
      await text(page, "yes"),
      await text(page, "no"),
    ]).to.deep.equal(["917.5 USDC", "50", "100"]);

    // Nothing that is not there is sold, and the book stays as it is.
    await page.getByRole("radio", { name: "Sell" }).check();
    await page.getByRole("button", { name: "Sign the order" }).click();
    await saying(page, "Signed. It cannot settle yet: your account has 100 NO; 150 is needed.");
    await page.close();
  });

  it("a wallet announced by EIP-6963 signs, and what it signed is the order", async () => {
    const page = await openPage({ announced: true });
    await page.getByRole("button", { name: "Connect Fox & Co" }).click();
    await page.getByLabel("Price, in USDC").waitFor();
    expect(await text(page, "question")).to.equal("Will the page sign?");
    expect(await text(page, "cash")).to.equal("10000 USDC");

    await page.getByRole("radio", { name: "Sell" }).check();
    await page.getByLabel("Price, in USDC").fill("0.75");
    await page.getByLabel("Shares").fill("40");
    await page.getByRole("button", { name: "Sign the order" }).click();
    await saying(page, "Signed. It cannot settle yet: your account has 0 YES; 40 is needed.");
    const order = orderFromJson((await page.locator("#json").textContent()) ?? "");
    const { chainId, contracts } = sandbox.deployment;
    const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    expect(verifyOrder(order, domain)).to.deep.equal({ ok: true });
    expect(hashOrder(order, domain)).to.equal(await text(page, "hash"));
    expect({ maker: order.maker, side: order.side }).to.deep.equal({
      ...{ maker: user.address, side: 1 },
    });
    expect([order.makerAmount, order.takerAmount]).to.deep.equal([40_000_000n, 30_000_000n]);
    expect([await text(page, "signed-gives"), await text(page, "signed-receives")]).to.deep.equal([
      "40 shares",
      "30 USDC",
    ]);
    expect(asked).to.have.length(1);

    await page.getByRole("radio", { name: "Buy" }).check();
    await page.getByRole("button", { name: "Sign the order" }).click();
    await saying(page, "Signed. A venue can settle it now.");
    expect(await text(page, "signed-gives")).to.equal("30 USDC");
    await picture(page, "wallet");
    await page.close();
  });

  it("a wallet that declines: said politely, nothing shown as signed, and the form as it was", async () => {
    const page = await openPage({ signs: false });
    await page.getByRole("button", { name: "Connect your wallet" }).click();
    await page.getByLabel("Shares").fill("20");
    await page.getByRole("button", { name: "Sign the order" }).click();
    await saying(page, "You declined. Nothing was signed, and your order is as it was.");
    expect(await page.locator("#message").getAttribute("data-kind")).to.equal("note");
    expect(await page.locator("#signed").isVisible()).to.equal(false);
    expect(await page.getByLabel("Shares").inputValue()).to.equal("20");
    expect(await page.getByRole("button", { name: "Sign the order" }).isEnabled()).to.equal(true);
    expect(asked).to.have.length(1);
    await picture(page, "declined");
    await page.close();
  });

  it("what is wrong is said in words, at its field, and the wallet is not asked", async () => {
    const page = await openPage({});
    await page.getByRole("button", { name: "Connect your wallet" }).click();
    const cases: readonly [label: string, value: string, fault: string][] = [
      ["Price, in USDC", "0.605", "This price is not exact. Nearest: 0.6 or 0.61."],
      ["Price, in USDC", "1.2", "Price: please enter"],
      ["Price, in USDC", "abc", 'Price: please enter plain decimal text such as "12.5".'],
      ["Shares", "0", "Size: please enter more than zero."],
      ["Shares", "0.000001", "This size is not exact. Nearest:"],
    ];
    for (const [label, value, fault] of cases) {
      const field = page.getByLabel(label);
      const before = await field.inputValue();
      await field.fill(value);
      expect(await text(page, "fault"), value).to.include(fault);
      expect(await field.getAttribute("aria-invalid"), value).to.equal("true");
      expect(await text(page, "gives"), value).to.equal("–");
      await page.getByRole("button", { name: "Sign the order" }).click();
      await page.locator(`#${label === "Shares" ? "size" : "price"}:focus`).waitFor();
      if (value === "0.605") await picture(page, "fault");
      await field.fill(before);
      expect(await text(page, "fault")).to.equal("");
    }
    expect(asked).to.deep.equal([]);
    await page.close();
  });

  it("a wallet that does not connect, or is on a chain without contracts", async () => {
    const shy = await openPage({ connects: false });
    await shy.getByRole("button", { name: "Connect your wallet" }).click();
    await saying(shy, "You declined.");
    await shy.close();

    const lost = await openPage({ chainId: "0x1" });
    await lost.getByRole("button", { name: "Connect your wallet" }).click();
    await saying(lost, "Your wallet is on chain 1, where this page knows no contracts.");
    expect(await text(lost, "message")).to.include("Switch it to sandbox (31337), or practise.");
    await lost.close();
  });

  it("a wallet that changed its chain after connecting", async () => {
    const mood = { chainId: "" };
    const page = await openPage(mood);
    await page.getByRole("button", { name: "Connect your wallet" }).click();
    await page.getByLabel("Shares").waitFor();
    mood.chainId = "0x89";
    await page.getByRole("button", { name: "Sign the order" }).click();
    await saying(page, "Your wallet has changed to another chain. Please switch it back.");
    expect(asked).to.deep.equal([]);
    await page.close();
  });

  it("a market that is not there is said, and practice is still offered", async () => {
    const page = await openPage({}, `?market=0x${"12".repeat(32)}`);
    await page.getByRole("button", { name: "Connect your wallet" }).click();
    await saying(page, "There is no such market");
    await page.getByRole("button", { name: "Practise without a wallet" }).waitFor();
    await page.close();
  });
});
