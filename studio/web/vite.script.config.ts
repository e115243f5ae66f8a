import { defineConfig } from "vite";

// Scripts that are committed, by the mode that `tools/build_page.py` builds them in: one file each that can be read.
const ENTRIES: Record<string, string> = {
  report: "src/report/page.ts",
  worklet: "src/play/worklet.ts",
  instrument: "src/play/page.ts",
};

export default defineConfig(({ mode }) => ({
  publicDir: false,
  build: {
    lib: { entry: ENTRIES[mode], formats: ["iife"], name: mode, fileName: () => `${mode}.js` },
    target: "es2022",
    minify: false,
    emptyOutDir: false,
    reportCompressedSize: false,
    rolldownOptions: { output: { strict: true } },
  },
}));
