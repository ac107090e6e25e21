// News from the server. One tab of a browser listens and tells the others: browsers allow few connections to a host.

const SILENT_MS = 25_000;
const NEWS = ["hello", "commit", "reset", "refused", "proposal", "fleet"];

export class Live {
  #told; #state; #source; #since; #watchdog; #channel; #release;

  // told(kind, data) is called with each event, state("live" | "off" | "signed-out") when the connection changes.
  constructor(since, told, state) {
    this.#since = since;
    this.#told = told;
    this.#state = state;
    this.#channel = new BroadcastChannel("configedge");
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    if (navigator.locks) {
      navigator.locks.request("configedge-live", () => new Promise((release) => { this.#release = release; this.#listen(); }));
      // Who listens already says so.
      this.#channel.postMessage({ ask: true });
    } else {
      this.#listen();
    }
  }

  #hear(message) {
    if (message.ask) {
      if (this.#source) this.#channel.postMessage({ state: this.#source.readyState === 1 ? "live" : "off" });
    } else if (!this.#source) {
      if (message.state) this.#state(message.state);
      if (message.kind) this.#pass(message.kind, message.data);
    }
  }

  #listen() {
    this.#source = new EventSource(`/ui/events?since=${this.#since}`);
    this.#source.onopen = () => { this.#say("live"); this.#alive(); };
    this.#source.onerror = () => {
      this.#say("off");
      if (this.#source.readyState === EventSource.CLOSED) this.#again(5_000);
    };
    this.#source.addEventListener("beat", () => this.#alive());
    this.#source.addEventListener("signed-out", () => this.#end());
    for (const kind of NEWS) {
      this.#source.addEventListener(kind, (event) => {
        this.#alive();
        const data = JSON.parse(event.data);
        this.#channel.postMessage({ kind, data });
        this.#pass(kind, data);
      });
    }
  }

  #pass(kind, data) {
    if (data.commit) this.#since = data.commit;
    if (kind !== "hello") this.#told(kind, data);
  }

  // A connection that died without a word is given up and made anew.
  #alive() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => { this.#say("off"); this.#again(0); }, SILENT_MS);
  }

  #again(wait) {
    clearTimeout(this.#watchdog);
    this.#source.close();
    this.#watchdog = setTimeout(() => this.#listen(), wait);
  }

  // Another tab may be of somebody who is signed in: it listens then.
  #end() {
    clearTimeout(this.#watchdog);
    this.#source.close();
    this.#source = undefined;
    this.#say("signed-out");
    this.#release?.();
  }

  #say(state) {
    this.#channel.postMessage({ state });
    this.#state(state);
  }
}
