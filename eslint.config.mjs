import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "**/node_modules/",
      "**/dist/",
      "artifacts/",
      "cache/",
      "coverage/",
      "typechain-types/",
      "sdk/src/generated/",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    rules: {
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { fixStyle: "inline-type-imports", disallowTypeAnnotations: false },
      ],
      eqeqeq: "error",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Named exports only." },
      ],
    },
  },
  {
    // The floors of the SDK: the matcher and everything below it know no chain, clock, randomness or network.
    files: [
      "sdk/src/{errors,units,ids,matcher}/**/*.ts",
      "sdk/src/{order,signer,verify,client,stream}/**/*.ts",
    ],
    ignores: ["sdk/src/errors/{decodeRevert,toNostraError,index}.ts"],
    rules: {
      "no-restricted-imports": ["error", { paths: ["ethers"] }],
    },
  },
  {
    files: ["sdk/src/**/*.ts"],
    rules: { "no-console": "error" },
  },
  {
    // A venue needs nothing that others cannot have.
    files: ["operator/src/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^(\\.\\./)+(sdk|scripts|test|bench)/|@nostra/sdk/(dist|src)" }] },
      ],
    },
  },
  {
    // What is to be copied may use only what a user of the SDK has.
    files: ["examples/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^(\\.\\./)+(sdk|scripts|test|bench)/|@nostra/sdk/(dist|src)" }] },
      ],
    },
  },
  {
    // Chai's assertions are expressions, and the printed ExchangeFlow test is kept as it stands.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off" },
  },
  {
    files: ["test/integration/ExchangeFlow.test.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/consistent-type-imports": "off",
    },
  },
  {
    files: ["hardhat.config.ts", "scripts/check/coverage.hardhat.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["**/*.cjs", "**/*.mjs", "**/*.js"],
    languageOptions: {
      globals: {
        require: "readonly",
        __dirname: "readonly",
        module: "writable",
        process: "readonly",
        console: "readonly",
      },
    },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
