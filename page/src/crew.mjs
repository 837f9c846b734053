// Worker threads that share one job: parts are handed out one at a time, a lost worker's part to another one.

const LONGEST = 60000; // milliseconds for a part, after which its worker counts as lost
const TRIES = 3;
export const AHEAD = 4; // parts that a worker has at once: the page may be drawing while it answers

export class Crew {
  /**
   * @param {URL} script
   * @param {number} size
   */
  constructor(script, size = Math.max(1, Math.min(8, navigator.hardwareConcurrency ?? 2))) {
    this.script = script;
    /** @type {{worker?: Worker, doing: any[], timer?: any}[]} */
    this.members = Array.from({ length: size }, () => ({ doing: [] }));
  }

  /**
   * Do a job; the one before is given up.
   * @param {object} setup what each worker is told first
   * @param {object[]} parts
   * @param {(part: any, answer: any) => void} done is called for each part, in any order
   * @param {(part: any) => object} told what a worker is told of a part, once it is its turn
   * @returns {Promise<boolean>} whether all was done: false if it was given up
   * @throws {Error} if a part was lost several times
   */
  run(setup, parts, done, told = (part) => part) {
    this.cancel();
    return new Promise((resolve, reject) => {
      const job = { setup, done, told, resolve, reject, left: parts.length, lost: 0, waiting: parts.map((part, number) => ({ part, number, tries: 0 })) };
      this.job = job;
      if (!parts.length) return this.finish(true);
      for (const member of this.members) this.begin(member, job);
    });
  }

  /** Give up what is being done. */
  cancel() {
    if (this.job) this.finish(false);
  }

  /** End all workers. */
  close() {
    this.cancel();
    for (const member of this.members) this.end(member);
  }

  finish(whole) {
    const { job } = this;
    this.job = undefined;
    for (const member of this.members) if (member.doing.length) this.end(member); // what it computes is no longer wanted
    job.resolve(whole);
  }

  end(member) {
    clearTimeout(member.timer);
    member.worker?.terminate();
    member.worker = undefined;
    member.doing = [];
  }

  /** Start all workers, before there is something to do: that takes about as long as a small job. */
  warm() {
    for (const member of this.members) this.employ(member);
  }

  employ(member) {
    if (member.worker) return;
    member.worker = new Worker(this.script, { type: "module" });
    member.worker.onerror = (event) => this.lost(member, event.message || "it ended");
    member.worker.onmessage = ({ data }) => this.heard(member, data);
  }

  begin(member, job) {
    this.employ(member);
    member.worker.postMessage({ setup: job.setup });
    this.feed(member, job);
  }

  /** Have a worker something to do, and the next thing waiting: it is never idle while its answer is on its way. */
  feed(member, job) {
    while (member.doing.length < AHEAD && job.waiting.length) {
      const next = job.waiting.shift();
      member.doing.push(next);
      member.worker.postMessage({ number: next.number, ...job.told(next.part) });
    }
    this.watch(member);
  }

  watch(member) {
    clearTimeout(member.timer);
    if (member.doing.length) member.timer = setTimeout(() => this.lost(member, "it took too long"), LONGEST);
  }

  heard(member, { number, made }) {
    const { job } = this;
    const place = member.doing.findIndex((each) => each.number === number);
    if (!job || place < 0) return;
    const [{ part }] = member.doing.splice(place, 1);
    job.left--;
    job.done(part, made);
    if (this.job !== job) return;
    if (!job.left) this.finish(true);
    else this.feed(member, job);
  }

  lost(member, reason) {
    const { job } = this;
    const [first, ...others] = member.doing;
    this.end(member);
    if (!job) return;
    const tries = (first?.tries ?? 0) + 1;
    job.lost++;
    if (tries >= TRIES || job.lost > TRIES * this.members.length) {
      this.job = undefined;
      for (const each of this.members) this.end(each);
      job.reject(new Error(`a worker was lost ${tries} times (${reason})`));
      return;
    }
    if (first) job.waiting.unshift({ ...first, tries }, ...others);
    for (const each of this.members) if (!each.worker) this.begin(each, job);
  }
}
