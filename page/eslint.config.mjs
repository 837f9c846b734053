// What ESLint holds the page's code to: its recommended rules, and a few that keep it plain.
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["node_modules/", "src/**/*.d.mts"] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, globals: { ...globals.browser, ...globals.worker } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-unused-vars": ["error", { args: "after-used", ignoreRestSiblings: true }], "no-var": "error", "prefer-const": ["error", { destructuring: "all" }],
      "object-shorthand": "error", eqeqeq: "error", "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error",
      complexity: ["error", 12], "max-lines": ["error", 400], "max-lines-per-function": ["error", 60],
    },
  },
  { files: ["tools/**", "test/**", "bench/**", "*.mjs"], languageOptions: { globals: { ...globals.node, ...globals.browser } }, rules: { "max-lines-per-function": "off" } },
];
