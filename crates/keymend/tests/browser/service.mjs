// Starts and stops `keymend demo` and knows the accounts that it prints.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const START_MS_MAX = 20_000;

const FAKETIME = "faketime/libfaketimeMT.so.1";

/**
 * A demonstration on a free port, with fresh data, that asks for so many proofs; with `movesClock`
 * it runs by a clock that can be put forward.
 */
export async function startDemo({ gates = 2, movesClock = false } = {}) {
  const program = process.env.KEYMEND_BIN ?? "target/debug/keymend";
  const port = await freePort();
  const clock = movesClock ? movingClock() : undefined;
  const line = ["demo", "--listen", `127.0.0.1:${port}`, "--gates", `${gates}`];
  const child = spawn(program, line, { env: { ...process.env, ...clock?.environment } });
  let output = "";
  child.stdout.on("data", (bytes) => (output += bytes));
  child.stderr.on("data", (bytes) => (output += bytes));
  child.on("error", (fault) => (output += `${program}: ${fault.message}\n`));
  process.once("exit", () => child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const service = {
    url: `http://localhost:${port}`,
    accounts: {},
    putForward: clock?.putForward,
    log: () => `-- what the service wrote:\n${output.split("\n").slice(-25).join("\n")}`,
    stop: async () => {
      child.kill("SIGTERM");
      await Promise.race([ended, pause(5_000).then(() => child.kill("SIGKILL"))]);
      clock?.remove();
    },
  };
  // The table may still be in the pipe when the first answer comes.
  await untilReady(service, child, () => output.includes("address is its user name"));
  service.accounts = accounts(output);
  return service;
}

/** A clock on the wall that is put forward from outside; timers go on as they are. */
function movingClock() {
  const places = readdirSync("/usr/lib").map((name) => join("/usr/lib", name, FAKETIME));
  const library = places.find(existsSync);
  if (!library) throw new Error("the library libfaketime is missing (Debian package libfaketime)");
  const folder = mkdtempSync(join(tmpdir(), "keymend-clock-"));
  const file = join(folder, "offset");
  const putForward = (minutes) => writeFileSync(file, `+${minutes}m\n`);
  putForward(0);
  const environment = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  return { environment, putForward, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function untilReady(service, child, hasAnnounced) {
  const began = Date.now();
  for (;;) {
    const answer = await fetch(`${service.url}/health`).catch(() => null);
    if (answer?.ok && hasAnnounced()) return;
    if (child.exitCode !== null || child.pid === undefined || Date.now() - began > START_MS_MAX) {
      child.kill("SIGKILL");
      throw new Error(`the demonstration did not start\n${service.log()}`);
    }
    await pause(20);
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Reads the table `| user | password | mobile number | what it is for |`.
 */
export function accounts(output) {
  const known = {};
  for (const line of output.split("\n").filter((line) => line.trim().startsWith("|"))) {
    const [user, password, phone, what] = line.split("|").map((cell) => cell.trim()).slice(1, -1);
    if (!user || /^[-: ]+$/.test(user) || user.toLowerCase() === "user") continue;
    known[user] = { user, password, phone, what };
  }
  return known;
}
