// Brings a file in piece by piece (tus 1.0.0). A dropped line, a reload or a full disk loses nothing:
// what the server has is asked for, and the rest is sent. The browser remembers where an upload is
// under a hash of the file, never under its name.

const PIECE = 4 * 1024 * 1024;
const WAIT_MS = [500, 1000, 2000, 4000, 8000, 15000];
const TUS = { "Tus-Resumable": "1.0.0" };

class Refused extends Error {}

const box = document.querySelector("#upload");
if (box) begin(box);

function begin(box) {
  const part = (name) => box.querySelector(name);
  const ui = {
    input: part("#upload-file"), progress: part(".progress"), bar: part("progress"),
    words: part(".upload-words"), percent: part(".upload-percent"), problem: part(".upload-problem"),
    said: part(".upload-said"), buttons: part(".buttons"), pause: part(".upload-pause"), stop: part(".upload-stop"),
  };
  const token = part("[name=csrfmiddlewaretoken]").value;
  let current = null;
  box.hidden = false;

  const start = (file) => {
    if (!file || current?.running) return;
    current = new Upload(file, box.dataset, token, ui);
    current.run();
  };
  ui.input.addEventListener("change", () => start(ui.input.files[0]));
  ui.pause.addEventListener("click", () => (current.running ? current.pause() : current.run()));
  ui.stop.addEventListener("click", () => current.giveUp());
  for (const kind of ["dragover", "drop"]) {
    box.addEventListener(kind, (event) => {
      event.preventDefault();
      if (kind === "drop") start(event.dataTransfer.files[0]);
    });
  }
  window.addEventListener("beforeunload", (event) => current?.running && event.preventDefault());
}

class Upload {
  constructor(file, { meeting, to, page }, token, ui) {
    Object.assign(this, { file, meeting, to, page, token, ui, running: false, said: -1 });
  }

  async run() {
    this.running = true;
    this.abort = new AbortController();
    this.show("Beginning", null);
    this.problem("");
    try {
      this.mark = await fingerprint(this.file, this.meeting);
      let offset = await this.resume();
      while (offset < this.file.size) offset = await this.send(offset);
      localStorage.removeItem(this.mark);
      this.running = false;
      location.assign(this.page);
    } catch (error) {
      this.running = false;
      if (error.name === "AbortError") return;
      this.problem(error instanceof Refused ? error.message : "The line is broken. What has arrived is kept.");
      this.ui.pause.textContent = "Go on";
    }
  }

  pause() {
    this.running = false;
    this.abort.abort();
    this.ui.pause.textContent = "Go on";
    this.say("Paused.");
  }

  async giveUp() {
    this.running = false;
    this.abort?.abort();
    const address = localStorage.getItem(this.mark);
    localStorage.removeItem(this.mark);
    if (address) await this.fetch(address, "DELETE", {}, null, null).catch(() => {});
    location.assign(this.page);
  }

  // Where the server is with this file; a new upload where it knows none.
  async resume() {
    const address = localStorage.getItem(this.mark);
    if (address) {
      const answer = await this.patiently(() => this.fetch(address, "HEAD"));
      if (answer.ok) {
        this.address = address;
        return Number(answer.headers.get("Upload-Offset"));
      }
      localStorage.removeItem(this.mark);
    }
    const told = { meeting: this.meeting, filename: this.file.name };
    const answer = await this.patiently(() => this.fetch(this.to, "POST", {
      "Upload-Length": String(this.file.size),
      "Upload-Metadata": Object.entries(told).map(([name, value]) => `${name} ${base64(value)}`).join(","),
    }));
    if (answer.status !== 201) throw new Refused(await words(answer));
    this.address = answer.headers.get("Location");
    localStorage.setItem(this.mark, this.address);
    return 0;
  }

  async send(offset) {
    const piece = this.file.slice(offset, offset + PIECE);
    this.show("Sending", offset);
    const answer = await this.patiently(() => this.fetch(this.address, "PATCH", {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(offset),
    }, piece));
    if (answer.ok) return Number(answer.headers.get("Upload-Offset"));
    if (answer.status === 409) {
      // An answer got lost on its way: ask where the server is.
      const now = await this.patiently(() => this.fetch(this.address, "HEAD"));
      if (now.ok) return Number(now.headers.get("Upload-Offset"));
    }
    if (answer.status !== 507) localStorage.removeItem(this.mark);
    throw new Refused(await words(answer));
  }

  // Tries again where the line or the server is the matter, ever more slowly.
  async patiently(once) {
    for (const wait of [...WAIT_MS, null]) {
      try {
        const answer = await once();
        if (![423, 429, 500, 502, 503, 504].includes(answer.status) || wait === null) return answer;
      } catch (error) {
        if (error.name === "AbortError" || wait === null) throw error;
        this.show("The line is broken; trying again", null);
      }
      await new Promise((go) => setTimeout(go, wait));
      this.abort.signal.throwIfAborted();
    }
  }

  fetch(address, method, headers = {}, body = null, signal = this.abort.signal) {
    return fetch(address, {
      method, body, signal, credentials: "same-origin", redirect: "error",
      headers: { ...TUS, "X-CSRFToken": this.token, ...headers },
    });
  }

  show(words, offset) {
    const { ui } = this;
    ui.progress.hidden = ui.buttons.hidden = false;
    ui.pause.textContent = "Pause";
    ui.words.textContent = words;
    if (offset === null) return;
    const percent = Math.floor((100 * offset) / this.file.size);
    ui.bar.value = percent;
    ui.percent.textContent = `${percent} %`;
    if (percent >= this.said + 20) {
      this.said = percent;
      this.say(`${percent} percent sent`);
    }
  }

  say(words) {
    this.ui.said.textContent = words;
  }

  problem(words) {
    this.ui.problem.textContent = words;
    this.ui.problem.hidden = !words;
  }
}

async function fingerprint(file, meeting) {
  const about = new TextEncoder().encode([meeting, file.name, file.size, file.lastModified].join("\n"));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", about));
  return "upload:" + Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(text) {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}

async function words(answer) {
  const text = await answer.text().catch(() => "");
  const plain = answer.headers.get("Content-Type")?.startsWith("text/plain");
  return plain && text ? text : "The server did not take this. Load the page again and try once more.";
}
