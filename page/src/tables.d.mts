// Made by the build from tools/tables.py.
type Rule = { name: string; title: string; call: string; rate: number; numbers: Record<string, number> };
type Points = [number, number, number][];
export const DATA: Record<string, { title: string; call: string; points: Points }>;
export const RULES: Rule[];
export const STATE: Record<"descend" | "derive" | "train" | "boundary", Record<string, import("./state.mjs").Told>>;
export const SIGNS: string[];
export const CAUSES: { name: string; words: string; colour: [number, number, number] }[];
