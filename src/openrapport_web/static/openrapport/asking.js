// A form that is answered with a thumb or with keys, and that loses nothing where there is no
// connection. Without this file it is a plain form that is sent the plain way.

const form = document.querySelector("#answers");
const way = document.querySelector("[data-way]")?.dataset.way;
const onTablet = way === "kiosk" || way === "kiosk-code";
const words = (name) => document.querySelector(`#words-${name}`)?.content.cloneNode(true);

// -- what was answered without a connection: kept here, sent later, then forgotten -----------------

const PREFIX = "openrapport.answer.";
const KEEP_MS = 30 * 24 * 3600 * 1000;

// On the practice's tablet nothing stays, and some browsers keep nothing: there an answer waits in
// the page alone.
const inPage = new Map();
const onDevice = (() => {
  try {
    return onTablet ? null : localStorage;
  } catch {
    return null;
  }
})();
const store = {
  keys: () => [...inPage.keys(), ...Object.keys(onDevice ?? {}).filter((key) => key.startsWith(PREFIX))],
  get: (key) => inPage.get(key) ?? onDevice?.getItem(key),
  set(key, text) {
    try {
      if (!onDevice) throw new Error("nothing is kept here");
      onDevice.setItem(key, text);
    } catch {
      inPage.set(key, text);
    }
  },
  remove(key) {
    inPage.delete(key);
    onDevice?.removeItem(key);
  },
};

const post = (kept) =>
  fetch(kept.to, {
    method: "POST",
    body: new URLSearchParams(kept.fields),
    headers: { "X-Asking": "1" },
    signal: AbortSignal.timeout?.(20000),
    redirect: "error",
  });

// An answer of ours is a page; anything else (a hotel's sign-in, a server that starts) is no answer.
const isOurs = (response) => response.headers.get("X-Asking") === "1";

async function send(key) {
  const kept = JSON.parse(store.get(key));
  let response;
  try {
    response = await post(kept);
  } catch {
    return null;
  }
  if (!isOurs(response)) return null;
  store.remove(key);
  return response;
}

let sending = false;
async function sendAll() {
  if (sending) return;
  sending = true;
  try {
    for (const key of store.keys()) {
      const kept = JSON.parse(store.get(key));
      if (Date.now() - kept.at > KEEP_MS) {
        store.remove(key);
        continue;
      }
      const response = await send(key);
      if (response === null) return retryLater();
      const own = form?.elements.submission?.value === kept.fields.submission;
      if (own || response.status >= 400 || (await isUrgent(response.clone()))) await show(response);
      else document.querySelector("#main [role=status]")?.append(...(noticeOf(await response.text()) ?? []));
    }
  } finally {
    sending = false;
  }
}

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
const isUrgent = async (response) => parsed(await response.text()).querySelector("[data-urgent]") !== null;
const noticeOf = (text) => {
  const title = parsed(text).querySelector("h1");
  if (!title) return null;
  const notice = document.createElement("p");
  notice.className = "notice good";
  notice.textContent = title.textContent;
  return [notice];
};

let timer = 0;
let pause = 3000;
function retryLater() {
  clearTimeout(timer);
  timer = setTimeout(sendAll, pause);
  pause = Math.min(pause * 2, 60000);
}
window.addEventListener("online", () => {
  pause = 3000;
  sendAll();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) sendAll();
});

// The page that the server answers with takes the place of this one.
async function show(response) {
  const page = parsed(await response.text());
  document.title = page.title;
  document.documentElement.lang = page.documentElement.lang;
  document.querySelector("#main").replaceWith(page.querySelector("#main"));
  window.scrollTo(0, 0);
  const again = document.querySelector("#answers");
  if (again) prepare(again);
  const first = document.querySelector("#main .errors") ?? document.querySelector("#main h1");
  first.tabIndex = -1;
  first.focus({ preventScroll: true });
  leaveSoon();
}

// -- the form itself ------------------------------------------------------------------------------

function prepare(answers) {
  answers.addEventListener("submit", async (event) => {
    // Another language, or another button of the page: the plain way.
    if (event.submitter?.name) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (answers.dataset.sent) return;
    answers.dataset.sent = "yes";
    answers.querySelector(".send").setAttribute("aria-disabled", "true");
    answers.elements.given_at.value = new Date().toISOString();
    const fields = Object.fromEntries(new FormData(answers));
    const key = PREFIX + fields.submission;
    store.set(key, JSON.stringify({ to: answers.getAttribute("action"), fields, at: Date.now() }));
    const response = await send(key);
    if (response) return show(response);
    answers.querySelectorAll(".question, .buttons, .facts, .guess").forEach((part) => (part.hidden = true));
    answers.append(words(inPage.has(key) ? "waiting" : "kept"));
    retryLater();
  });
  for (const question of answers.querySelectorAll("fieldset.question")) clearable(question);
}

// A choice can be taken back: leaving something out stays possible until the end.
function clearable(question) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button link clear";
  button.hidden = !question.querySelector("input:checked");
  button.append(words("clear") ?? "×");
  const name = question.querySelector("legend").textContent;
  button.setAttribute("aria-label", `${button.textContent}: ${name}`);
  button.addEventListener("click", () => {
    const chosen = question.querySelector("input:checked");
    if (chosen) chosen.checked = false;
    button.hidden = true;
    question.querySelector("input").focus();
  });
  question.addEventListener("change", () => (button.hidden = false));
  question.append(button);
}

// Numbers can be typed: 7 chooses 7, and 1 followed by 0 chooses 10.
let typed = "";
let typedAt = 0;
document.addEventListener("keydown", (event) => {
  const scale = event.target.closest?.("fieldset.question");
  if (!scale || !/^\d$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  typed = event.timeStamp - typedAt < 700 ? typed + event.key : event.key;
  typedAt = event.timeStamp;
  const radio = [typed, event.key]
    .map((value) => scale.querySelector(`input[type="radio"][value="${value}"]`))
    .find((found) => found);
  if (!radio) return;
  event.preventDefault();
  radio.click();
  radio.focus();
});

if (form) prepare(form);
sendAll();

// -- on the practice's tablet: nothing stays for the next person -----------------------------------

const IDLE_MS = 75000;
const LAST_MS = 20000;
const DONE_MS = 15000;
const URGENT_MS = 300000;
const leave = async () => {
  const clear = document.querySelector("#clear");
  document.querySelector("#main").replaceChildren();
  document.querySelector("dialog.idle")?.remove();
  if (clear) await fetch(clear.action, { method: "POST", body: new FormData(clear) }).catch(() => null);
  location.replace("/kiosk/");
};

// Thanks are read quickly; where help stands on the page, it stays as long as somebody needs it.
function leaveSoon() {
  const done = document.querySelector("[data-done]");
  if (onTablet && done) setTimeout(leave, done.dataset.urgent ? URGENT_MS : DONE_MS);
}

if (onTablet) {
  let idle = 0;
  let last = 0;
  const awake = () => {
    clearTimeout(idle);
    clearTimeout(last);
    document.querySelector("dialog.idle")?.remove();
    if (document.querySelector("#answers")) idle = setTimeout(ask, IDLE_MS);
  };
  const ask = () => {
    document.body.append(words("idle"));
    document.querySelector("dialog.idle").showModal();
    last = setTimeout(leave, LAST_MS);
  };
  for (const kind of ["pointerdown", "keydown", "scroll"]) document.addEventListener(kind, awake, { passive: true });
  awake();
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-replace]");
    if (!link) return;
    event.preventDefault();
    location.replace(link.href);
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  leaveSoon();
}

// -- on paper --------------------------------------------------------------------------------------

const print = document.querySelector("[data-print]");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
