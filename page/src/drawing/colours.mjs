// Colours that people with any sight tell apart, light and dark.

let chosen;

/** Say whether it is dark, where it is not as in the whole browser. */
export const setDark = (is) => (chosen = is);

export const dark = () => chosen ?? matchMedia("(prefers-color-scheme: dark)").matches;

/** Of the classes 0 and 1: orange and blue. */
export const CLASSES = [[217, 119, 6], [37, 99, 200]];

/** @param {number[]} colour red, green, blue */
export const css = ([red, green, blue], alpha = 1) => `rgb(${red} ${green} ${blue} / ${alpha})`;

/** Between colours, evenly spaced from 0 to 1. */
function between(row, share) {
  const place = Math.min(Math.max(share, 0), 1) * (row.length - 1);
  const low = Math.min(Math.floor(place), row.length - 2);
  return row[low].map((value, i) => Math.round(value + (row[low + 1][i] - value) * (place - low)));
}

const SHARES = [[48, 18, 80], [62, 74, 137], [38, 130, 142], [60, 180, 110], [253, 231, 76]];

/** Of a share from none to all: from dark violet to yellow. */
export const ofShare = (share) => between(SHARES, share);

/** Of a network's output between its two labels, for the colours that the page has now. */
export function ofOutput() {
  const paper = dark() ? [24, 29, 38] : [255, 255, 255];
  const tint = (colour) => colour.map((value, i) => Math.round(value * 0.55 + paper[i] * 0.45));
  const row = [tint(CLASSES[0]), paper, tint(CLASSES[1])];
  return (share) => between(row, share);
}

const CONVERGED = [[8, 24, 58], [26, 82, 140], [92, 170, 214], [226, 244, 252]];
const DIVERGED = [[52, 6, 16], [140, 26, 34], [226, 116, 52], [255, 236, 170]];

/** Of a pixel of a map of trainability, from far away (0) to the boundary (1). */
export const ofTraining = (converged, near) => between(converged ? CONVERGED : DIVERGED, near);

/** Of ways that are seen side by side: light, dark, and dashes for whoever sees no colours. */
const WAYS = [
  { light: "#a4262c", dark: "#ff9aa0", dashes: [] }, { light: "#00724f", dark: "#4fd6a8", dashes: [14, 6] },
  { light: "#b35900", dark: "#ffb060", dashes: [3, 5] }, { light: "#7b3fa0", dark: "#d7a6f5", dashes: [16, 5, 3, 5] },
  { light: "#1a202c", dark: "#e8ecf2", dashes: [7, 4] }, { light: "#b8337f", dark: "#ff8fd0", dashes: [16, 4, 3, 4, 3, 4] },
];

/** How the way of a number is drawn. */
export function ofWay(number) {
  const { light, dark: night, dashes } = WAYS[number % WAYS.length];
  return { colour: dark() ? night : light, dashes };
}
