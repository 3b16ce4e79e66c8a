// Starts and stops `keymend demo` and knows the accounts that it prints.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const START_MS_MAX = 20_000;

/** A demonstration on a free port, with fresh data, that asks for so many proofs. */
export async function startDemo({ gates = 2 } = {}) {
  const program = process.env.KEYMEND_BIN ?? "target/debug/keymend";
  const port = await freePort();
  const child = spawn(program, ["demo", "--listen", `127.0.0.1:${port}`, "--gates", `${gates}`]);
  let output = "";
  child.stdout.on("data", (bytes) => (output += bytes));
  child.stderr.on("data", (bytes) => (output += bytes));
  child.on("error", (fault) => (output += `${program}: ${fault.message}\n`));
  process.once("exit", () => child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const service = {
    url: `http://localhost:${port}`,
    accounts: {},
    log: () => `-- what the service wrote:\n${output.split("\n").slice(-25).join("\n")}`,
    stop: async () => {
      child.kill("SIGTERM");
      await Promise.race([ended, pause(5_000).then(() => child.kill("SIGKILL"))]);
    },
  };
  // The table may still be in the pipe when the first answer comes.
  await untilReady(service, child, () => output.includes("address is its user name"));
  service.accounts = accounts(output);
  return service;
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
