/** Lint rules, and which way imports may point: app → feature → api, session, chart, ui → format. */
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const FEATURES = ["home", "tutors", "tutor", "interventions", "model", "definitions", "settings"];

/** Files in a folder may not import from these folders. */
function inwards(folder, outer) {
  return {
    files: [`src/${folder}/**/*.{ts,tsx}`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: outer.map((name) => `@/${name}/**`), message: "Imports point inwards." },
          ],
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ["node_modules", "src/api/schema.ts"] },
  ...tseslint.configs.strict,
  hooks.configs.flat.recommended,
  a11y.flatConfigs.strict,
  {
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
    },
  },
  inwards("format", ["app", "feature", "api", "session", "chart", "ui"]),
  inwards("ui", ["app", "feature", "api", "session", "chart"]),
  inwards("chart", ["app", "feature", "api", "session"]),
  inwards("session", ["app", "feature", "api", "chart"]),
  inwards("api", ["app", "feature", "chart", "ui"]),
  ...FEATURES.map((name) =>
    inwards(`feature/${name}`, [
      "app",
      ...FEATURES.filter((other) => other !== name).map((other) => `feature/${other}`),
    ]),
  ),
);
