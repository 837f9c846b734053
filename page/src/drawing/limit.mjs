// How the rate decides what becomes of a step of gradient descent on a quadratic: along each direction of curvature the
// distance to the lowest point is multiplied with |1 - rate times curvature|, which shrinks it below 2 over the curvature.
import { figure } from "../words.mjs";
import { dark } from "./colours.mjs";

const LEFT = 52;
const BELOW = 44;
const ABOVE = 30;
const TALLEST = 2; // of the factors that are drawn
const RIGHT = 20;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} curvatures above zero, the smallest first
 * @param {number} rate
 * @param {string} bound the limit in digits
 */
export function drawLimit(canvas, curvatures, rate, bound) {
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  const limit = 2 / curvatures[curvatures.length - 1];
  const far = Math.max(1.5 * limit, Math.min(1.1 * rate, 3 * limit));
  const x = (value) => LEFT + (Math.min(value, far) / far) * (width - LEFT - RIGHT);
  const y = (factor) => ABOVE + (1 - Math.min(factor, TALLEST) / TALLEST) * (height - ABOVE - BELOW);
  const ink = dark() ? "#e8ecf2" : "#1a202c";
  const [slow, fast, wrong] = dark() ? ["#7db4f0", "#f0a145", "#ff9aa0"] : ["#2563c8", "#b35900", "#a4262c"];
  const stroke = ([fromX, fromY], [toX, toY], colour, dashes = [], thick = 1.5) => {
    Object.assign(pen, { strokeStyle: colour, lineWidth: thick });
    pen.setLineDash(dashes);
    pen.beginPath();
    pen.moveTo(fromX, fromY);
    pen.lineTo(toX, toY);
    pen.stroke();
    pen.setLineDash([]);
  };
  pen.clearRect(0, 0, width, height);
  pen.font = "20px system-ui, sans-serif";
  pen.fillStyle = ink;
  stroke([LEFT, y(0)], [width - RIGHT, y(0)], ink);
  stroke([LEFT, y(1)], [width - RIGHT, y(1)], ink, [4, 4]);
  stroke([x(limit), y(0)], [x(limit), ABOVE - 4], wrong, [8, 5]);
  curvatures.forEach((curvature, i) => {
    const [colour, dashes] = i ? [fast, [14, 6]] : [slow, []];
    stroke([x(0), y(1)], [x(1 / curvature), y(Math.max(0, 1 - Math.min(1 / curvature, far) * curvature))], colour, dashes, 3);
    if (1 / curvature < far) stroke([x(1 / curvature), y(0)], [x(Math.min(far, 3 / curvature)), y(Math.min(TALLEST, far * curvature - 1))], colour, dashes, 3);
    mark(pen, [x(rate), y(Math.abs(1 - rate * curvature))], Math.abs(1 - rate * curvature), colour);
    pen.textAlign = "left"; // both are below 1 there, so that nothing else is
    pen.fillText(i ? "in the steep direction" : "in the flat direction", LEFT + 8, ABOVE + 38 + 24 * i);
  });
  pen.fillStyle = ink;
  pen.fillText("|1 − rate · curvature|", LEFT + 8, ABOVE + 14);
  pen.textAlign = "right";
  for (const factor of [0, 1, TALLEST]) pen.fillText(String(factor), LEFT - 10, y(factor) + 7);
  pen.textAlign = "center";
  pen.fillText("learning rate", LEFT + (width - LEFT - RIGHT) / 2, height - 8);
  pen.fillStyle = wrong;
  pen.fillText(`2/λ = ${bound}`, Math.min(x(limit), width - 90), ABOVE - 10);
}

/** Where a rate is on a line; what is above the picture is an arrow there, with its factor. */
function mark(pen, [x, y], factor, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  if (factor <= TALLEST) pen.arc(x, y, 7, 0, 2 * Math.PI);
  else for (const [across, down] of [[0, 0], [8, 14], [-8, 14]]) pen.lineTo(x + across, y + down);
  pen.fill();
  pen.textAlign = "right";
  if (factor > TALLEST) pen.fillText(figure(factor), x - 12, y + 16);
}
