/// <reference types="svelte" />
/// <reference types="vite/client" />

interface Window {
  // For tests and measurements.
  __motes?: { stage?: import("./draw/stage.ts").Stage; document?: import("./state/document.svelte.ts").Document };
}
