// The losses of all runs over the steps, on a logarithmic scale; one of them stands out.
import { dark } from "./colours.mjs";
import { ticks } from "./ticks.mjs";

const LEFT = 62;
const BELOW = 40;
const ABOVE = 12;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{curves: Float32Array, steps: number, right: Float32Array}} ended
 * @param {number} shown the run that stands out
 * @param {number} at the step that the rest of the page shows
 */
export function drawCurves(canvas, { curves, steps, right }, shown, at) {
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  const finite = curves.filter((loss) => Number.isFinite(loss) && loss > 0);
  const high = finite.length ? finite.reduce((a, b) => Math.max(a, b)) * 1.3 : 1;
  const low = Math.max(high * 1e-9, finite.length ? finite.reduce((a, b) => Math.min(a, b)) * 0.7 : 0.1);
  const x = (step) => LEFT + (step / Math.max(1, steps)) * (width - LEFT - 12);
  const y = (loss) => ABOVE + ((Math.log(high) - Math.log(Math.max(loss, low))) / (Math.log(high) - Math.log(low))) * (height - ABOVE - BELOW);
  const ink = getComputedStyle(canvas).color;
  pen.clearRect(0, 0, width, height);
  pen.font = "20px system-ui, sans-serif";
  pen.fillStyle = ink;
  pen.strokeStyle = dark() ? "#39424f" : "#cbd5e0";
  pen.lineWidth = 1;
  pen.textAlign = "right";
  for (const { value: loss, label } of ticks(low, high)) {
    pen.beginPath();
    pen.moveTo(LEFT, y(loss));
    pen.lineTo(width - 12, y(loss));
    pen.stroke();
    pen.fillText(label, LEFT - 8, y(loss) + 6);
  }
  pen.textAlign = "center";
  for (const step of [0, Math.round(steps / 2), steps]) pen.fillText(String(step), Math.min(x(step), width - 24), height - 12);
  pen.textAlign = "left";
  pen.fillText("loss", LEFT + 8, ABOVE + 14);
  const draw = (run, colour, thick) => {
    pen.strokeStyle = colour;
    pen.lineWidth = thick;
    pen.beginPath();
    for (let step = 0; step <= steps; step++) {
      const loss = curves[run * (steps + 1) + step];
      if (!Number.isFinite(loss)) break;
      pen.lineTo(x(step), y(loss));
    }
    pen.stroke();
  };
  const [good, bad] = dark() ? ["#4fb286", "#e0767d"] : ["#2f855a", "#c53030"];
  right.forEach((all, run) => run !== shown && draw(run, all === 1 ? `${good}99` : `${bad}66`, 1.5));
  draw(shown, right[shown] === 1 ? good : bad, 4);
  pen.strokeStyle = ink;
  pen.lineWidth = 1.5;
  pen.setLineDash([6, 5]);
  pen.beginPath();
  pen.moveTo(x(at), ABOVE);
  pen.lineTo(x(at), height - BELOW);
  pen.stroke();
  pen.setLineDash([]);
}
