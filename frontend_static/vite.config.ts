/** How the site is built: to plain files under one folder, three pages of which ops is the first. */
import { fileURLToPath } from "node:url";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the API, sign-in and settings: a running `make run`. */
const local = process.env.TUTOR_QUALITY_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwind()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../build/site",
    emptyOutDir: true,
    license: { fileName: "licenses.md" }, // what is bundled asks for its notice to go with it
    target: "es2022",
    assetsInlineLimit: 0, // a data: URL would need a wider content security policy
    modulePreload: { polyfill: false },
  },
  test: { include: ["tests/**/*.test.ts"] },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/oauth2", "/login", "/logout", "/config.json"].map((path) => [path, local]),
    ),
  },
});
