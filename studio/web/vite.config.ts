import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// The built page is a part of the Python package; `npm run dev` asks a studio that runs on port 8000.
export default defineConfig({
  plugins: [svelte()],
  base: "./",
  build: {
    outDir: "../../src/motes/studio/page",
    emptyOutDir: true,
    target: "es2022",
    reportCompressedSize: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8000", ws: true } } },
});
