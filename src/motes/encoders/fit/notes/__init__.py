"""Notes that were heard in a recording, and the splats that stand for them before a fit begins."""
