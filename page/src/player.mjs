// Steps that are shown one after the other, by a button.

const PLAYED = 4000; // milliseconds in which all steps are played

export class Player {
  /**
   * @param {HTMLElement} button
   * @param {(step: number) => void} show
   * @param {() => void} ended is called at the last step, and when it is paused
   */
  constructor(button, show, ended = () => {}) {
    this.button = button;
    this.show = show;
    this.ended = ended;
  }

  /** Play from a step, or from the first where it is the last one; pause, if it plays. */
  toggle(at, steps) {
    if (this.frame) return this.end();
    const from = at >= steps ? 0 : at;
    const began = performance.now();
    this.button.textContent = "Pause";
    const next = (now) => {
      const step = Math.min(steps, from + Math.max(0, Math.floor(((now - began) / PLAYED) * steps)));
      this.show(step);
      if (step < steps) this.frame = requestAnimationFrame(next);
      else this.end();
    };
    this.frame = requestAnimationFrame(next);
    return undefined;
  }

  stop() {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = undefined;
    this.button.textContent = "Play";
  }

  end() {
    this.stop();
    this.ended();
  }
}
