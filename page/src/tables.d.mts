// Made by the build from tools/tables.py.
type Rule = { name: string; title: string; call: string; rate: number; numbers: Record<string, number> };
type Points = [number, number, number][];
export const DATA: Record<string, { title: string; call: string; points: Points }>;
export const RULES: Rule[];
export const ACTIVATIONS: string[];
export const LOSSES: string[];
export const EVERY_LOSS: string[];
export const SIGNS: string[];
export const INITIALISATIONS: string[];
export const CAUSES: { name: string; words: string; colour: [number, number, number] }[];
