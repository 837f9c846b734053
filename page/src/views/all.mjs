// All views by name, the first one where none is named.
import { BoundaryView } from "./boundary.mjs";
import { Derive } from "./derive.mjs";
import { Descend } from "./descend.mjs";
import { Train } from "./train.mjs";

export const VIEWS = { descend: Descend.entries, derive: Derive.entries, train: Train.entries, boundary: BoundaryView.entries };
