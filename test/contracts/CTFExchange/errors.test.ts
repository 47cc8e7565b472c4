import fs from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { Interface } from "ethers";
import { artifacts } from "hardhat";

/*
 * given the errors that ICTFExchange and IAdministered declare
 * └── each is expected by name in a test of this folder, so that no new one stays untested
 */
describe("CTFExchange: errors", () => {
  async function errorsOf(contract: string): Promise<string[]> {
    const { abi } = await artifacts.readArtifact(contract);
    const names: string[] = [];
    new Interface(abi).forEachError(({ name }) => names.push(name));
    return names;
  }

  it("are all expected by some test", async () => {
    const declared = [...(await errorsOf("ICTFExchange")), ...(await errorsOf("IAdministered"))];
    expect(declared.length).to.be.greaterThan(30);
    const source = fs
      .readdirSync(__dirname)
      .filter((file) => file.endsWith(".test.ts") && file !== path.basename(__filename))
      .map((file) => fs.readFileSync(path.join(__dirname, file), "utf8"))
      .join("\n");
    expect(declared.filter((name) => !source.includes(`"${name}"`))).to.deep.equal([]);
  });
});
