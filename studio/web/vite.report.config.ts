import { defineConfig } from "vite";

// The script of reports is committed, and lies in every report: one file that can be read.
export default defineConfig({
  publicDir: false,
  build: {
    lib: { entry: "src/report/page.ts", formats: ["iife"], name: "report", fileName: () => "page.js" },
    target: "es2022",
    minify: false,
    emptyOutDir: true,
    reportCompressedSize: false,
    rolldownOptions: { output: { strict: true } },
  },
});
