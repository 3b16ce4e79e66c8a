// Makes the pages nicer.  Everything works without it, and it touches text only, never markup.
"use strict";

// ---- SHA-256, for the little sum of the landing page ----
// Written out here because asking the browser for one digest at a time costs ten times as much
// as the digest, and because the browser has none to offer on plain http.

const ROUNDS = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const START = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
const words = new Int32Array(64);

// Takes one block of 64 bytes from `bytes` into `state`.
function absorb(state, bytes, from) {
  for (let i = 0; i < 16; i += 1, from += 4) {
    words[i] =
      (bytes[from] << 24) | (bytes[from + 1] << 16) | (bytes[from + 2] << 8) | bytes[from + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const x = words[i - 15];
    const y = words[i - 2];
    const near = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const far = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = words[i - 16] + near + words[i - 7] + far;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const high = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + high + ((e & f) ^ (~e & g)) + ROUNDS[i] + words[i]) | 0;
    const low = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

// A function that tells how many zero bits SHA-256(prefix + number) begins with.
// What the prefix fills of whole blocks is taken in once.
function counterOfZeros(prefix) {
  const head = new TextEncoder().encode(prefix);
  const whole = head.length - (head.length % 64);
  const middle = new Int32Array(START);
  for (let from = 0; from < whole; from += 64) absorb(middle, head, from);
  const rest = head.subarray(whole);
  const block = new Uint8Array(128);
  const state = new Int32Array(8);
  return (number) => {
    const digits = String(number);
    let length = rest.length;
    block.fill(0);
    block.set(rest);
    for (let i = 0; i < digits.length; i += 1) block[length++] = digits.charCodeAt(i);
    const bits = (whole + length) * 8;
    block[length] = 0x80;
    const size = length < 56 ? 64 : 128;
    new DataView(block.buffer).setUint32(size - 4, bits);
    state.set(middle);
    absorb(state, block, 0);
    if (size === 128) absorb(state, block, 64);
    return state[0] !== 0 ? Math.clz32(state[0]) : 32 + Math.clz32(state[1]);
  };
}

// Finds the number in slices of a few milliseconds, so that typing stays smooth.
function findNumber(challenge, bits) {
  const zeros = counterOfZeros(challenge + ":");
  return new Promise((found) => {
    let number = 0;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      const until = performance.now() + 12;
      while (performance.now() < until) {
        for (let i = 0; i < 256; i += 1, number += 1) {
          if (zeros(number) >= bits) {
            found(challenge + ":" + number);
            return;
          }
        }
      }
      channel.port2.postMessage(0);
    };
    channel.port2.postMessage(0);
  });
}

// ---- Forms ----

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Says that the page works, and keeps a second press from looking like a second deed.
function sayWorking(form, isWorking) {
  const said = form.querySelector("[data-working]");
  const button = form.querySelector("button.main");
  if (said) said.textContent = isWorking ? said.dataset.working : "";
  if (button) button.setAttribute("aria-disabled", String(isWorking));
  form.dataset.sent = isWorking ? "yes" : "";
}

function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent === "yes") event.preventDefault();
    else sayWorking(form, true);
  });
}

// The landing page: the sum starts at once, and "Next" waits for it if it has to.
function proveHuman(form) {
  const field = form.elements.namedItem("human");
  const work = findNumber(form.dataset.pow, Number(form.dataset.bits)).then((answer) => {
    field.value = answer;
  });
  form.addEventListener("submit", (event) => {
    if (field.value !== "" || event.defaultPrevented) return;
    event.preventDefault();
    work.then(() => form.submit());
  });
}

function offerToShow(button) {
  const field = document.getElementById(button.dataset.show);
  const show = { text: button.textContent, label: button.getAttribute("aria-label") };
  const hide = { text: button.dataset.hide, label: button.dataset.hideLabel };
  button.hidden = false;
  button.addEventListener("click", () => {
    const shows = field.type === "password";
    const offer = shows ? hide : show;
    field.type = shows ? "text" : "password";
    button.textContent = offer.text;
    button.setAttribute("aria-label", offer.label);
    if (field.id === "password") askTwice(field.form, !shows);
    field.focus();
  });
  // Browsers offer to keep what stands in a password field, so it must be one when it is sent.
  field.form.addEventListener("submit", () => {
    field.type = "password";
  });
}

// Who sees what they type need not type it again.
function askTwice(form, twice) {
  const again = form.querySelector("[data-again]");
  const shown = form.elements.namedItem("shown");
  if (!again || !shown) return;
  again.hidden = !twice;
  shown.value = twice ? "" : "yes";
}

// ---- Rules of a new password, while it is typed ----

function showRules(answer) {
  const section = document.getElementById("rules");
  const strength = document.getElementById("strength");
  const said = document.getElementById("rules-said");
  let met = 0;
  for (const rule of answer.rules) {
    if (rule.state === "met") met += 1;
    const line = section && section.querySelector(`[data-rule="${CSS.escape(rule.id)}"]`);
    if (!line) continue;
    line.dataset.state = rule.state;
    line.querySelector(".rule-text").textContent = rule.text;
    const word = section.getAttribute("data-" + rule.state);
    if (word !== null) line.querySelector(".rule-state").textContent = word;
  }
  if (strength) {
    strength.textContent = answer.strength || strength.dataset.none;
    strength.parentElement.hidden = answer.strength === "";
  }
  if (said) {
    const total = String(answer.rules.length);
    said.textContent = said.dataset.summary.replace("##", total).replace("#", String(met));
  }
}

function judgeWhileTyping(form) {
  const field = form.elements.namedItem("password");
  const token = form.elements.namedItem("form_token");
  let timer = 0;
  let turn = 0;
  const ask = async () => {
    turn += 1;
    const mine = turn;
    const body = new URLSearchParams({ form_token: token.value, password: field.value });
    try {
      const reply = await fetch(form.dataset.rules, { method: "POST", body });
      if (reply.ok && mine === turn) showRules(await reply.json());
    } catch {
      // The rules are judged again when the password is saved.
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  });
}

// ---- Time ----

function countDown(button) {
  const text = button.textContent;
  const end = Date.now() + Number(button.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? button.dataset.waitText.replace("#", String(left)) : text;
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}

function showLater(element) {
  element.hidden = true;
  setTimeout(() => {
    element.hidden = false;
  }, Number(element.dataset.after) * 1000);
}

// Every step makes the tokens of older forms stale, so the forms of this page take the new one.
function renewTokens(page) {
  const token = /name="form_token" value="([\w.~-]+)"/.exec(page);
  if (!token) throw new Error("no token");
  for (const field of all('input[name="form_token"]')) field.value = token[1];
}

// Says that time runs out two minutes before, and gets more without losing what was typed.
function watchTime(section) {
  const form = section.querySelector("[data-more-time]");
  const said = section.querySelector("[role=status]");
  const warnAfter = (secs) => setTimeout(warn, Math.max(0, secs - 120) * 1000);
  const line = section.querySelector("p");
  line.hidden = true;
  if (form) form.hidden = true;
  let secs = Number(section.dataset.secs);
  function warn() {
    if (form) form.hidden = false;
    section.classList.add("soon");
    said.textContent = section.dataset.soon;
  }
  warnAfter(secs);
  if (!form) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const reply = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (!reply.ok) throw new Error("not given");
      renewTokens(await reply.text());
    } catch {
      form.submit();
      return;
    }
    form.hidden = true;
    section.classList.remove("soon");
    said.textContent = section.dataset.given;
    secs = 120 + 300;
    warnAfter(secs);
  });
}

// Asks behind the page until there is something new, so that nothing is read out twice.
function renewItself(element) {
  const wait = Number(element.dataset.renew) * 1000;
  const ask = async () => {
    try {
      const reply = await fetch(element.dataset.renewAt);
      const isSame = reply.ok && (await reply.text()).includes("data-renew=");
      if (!isSame) {
        location.replace(element.dataset.renewAt);
        return;
      }
    } catch {
      // Offline for a moment: ask again.
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
}

all("form[data-once]").forEach(sendOnce);
all("form[data-pow]").forEach(proveHuman);
all("button[data-show]").forEach(offerToShow);
all("form[data-rules]").forEach(judgeWhileTyping);
all("button[data-wait]").forEach(countDown);
all("[data-after]").forEach(showLater);
all("section[data-secs]").forEach(watchTime);
all("[data-renew]").forEach(renewItself);
const summary = document.querySelector(".summary");
if (summary) summary.focus();

// A page that comes back from the history can be sent again.
window.addEventListener("pageshow", () => {
  all("form[data-once]").forEach((form) => sayWorking(form, false));
});
