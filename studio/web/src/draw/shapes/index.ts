// The shapes that a kind of event can have, by the names that the server calls them.

import type { DrawnKind } from "../kind.ts";
import { bar } from "./bar.ts";
import { burst } from "./burst.ts";
import { image } from "./image.ts";
import { lane } from "./lane.ts";
import { line } from "./line.ts";
import type { Shape } from "./shape.ts";

export const SHAPES: Record<DrawnKind["shape"], Shape> = { line, bar, image, lane, burst };
