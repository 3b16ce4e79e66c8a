// Walks the pages in Chromium, as a person would: with and without JavaScript, on a phone and on
// a desktop.  Every walk has a demonstration service of its own.
//
//   KEYMEND_BIN=target/debug/keymend node crates/keymend/tests/browser/run.mjs [words of a name]…
//
// What is left of a walk that failed goes to target/screenshots, or KEYMEND_EVIDENCE.  Pictures of
// every page are taken where KEYMEND_SCREENSHOTS names a folder for them.  KEYMEND_WALKS_AT_ONCE is
// how many walks go side by side (3), KEYMEND_GALLERY a folder with one gallery for each language.
// `--self` tests the walker alone, on a page of its own, without a service.  With KEYMEND_SERVED, a
// file about a service that runs already in front of real servers, only the walks made for it go.

import { existsSync, mkdirSync } from "node:fs";
import { chromium } from "./node_modules.mjs";
import { runAll } from "./runner.mjs";
import { meetServed } from "./served.mjs";
import { startDemo } from "./service.mjs";

import { galleries } from "./gallery.mjs";
import { startSample } from "./sample.mjs";
import { Visitor } from "./visitor.mjs";
import { walk as sampleWalk } from "./walks/sample.mjs";
import * as registration from "./walks/registration.mjs";
import * as reset from "./walks/reset.mjs";
import * as unlock from "./walks/unlock.mjs";
import * as password from "./walks/password.mjs";
import * as stops from "./walks/stops.mjs";
import * as habits from "./walks/habits.mjs";
import * as protection from "./walks/protection.mjs";
import * as sameness from "./walks/sameness.mjs";
import * as served from "./walks/served.mjs";

const ROOMS = [stops, registration, reset, unlock, password, habits, protection, sameness];
const WALKS = ROOMS.flatMap((room) => room.walks);

/**
 * The colour schemes in which axe looks at the pages: dark once, for a window decides no colour.
 * Without a script it looks at none: the gallery has every page as it comes without one.
 */
const SETTINGS = [
  { name: "phone", javaScript: true, width: 390, height: 844, schemes: ["light", "dark"] },
  { name: "desktop", javaScript: true, width: 1280, height: 900, schemes: ["light"] },
  { name: "phone, no script", javaScript: false, width: 390, height: 844, schemes: [] },
  { name: "desktop, no script", javaScript: false, width: 1280, height: 900, schemes: [] },
];

/** Chromium without a window system of its own takes half the time; the usual one does as well. */
const CHROMIUMS = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const words = process.argv.slice(2).filter((word) => word !== "--self");
const isSelfTest = process.argv.includes("--self");
const isServed = process.env.KEYMEND_SERVED !== undefined;
const walks = chosenWalks();
const screenshots = process.env.KEYMEND_SCREENSHOTS;
const evidence = process.env.KEYMEND_EVIDENCE ?? "target/screenshots";
for (const folder of [screenshots, evidence]) if (folder) mkdirSync(folder, { recursive: true });

// Every service stops at the end of this process.
process.setMaxListeners(0);
const browser = await chromium.launch({
  executablePath: process.env.KEYMEND_CHROMIUM ?? CHROMIUMS.find(existsSync),
  args: FLAGS,
});

function chosenWalks() {
  if (isSelfTest) return [sampleWalk];
  return isServed ? served.walks : [...galleries(process.env.KEYMEND_GALLERY), ...WALKS];
}

async function runOne(walk, setting) {
  const usual = isServed ? meetServed : startDemo;
  const start = walk.start ?? (isSelfTest ? startSample : usual);
  const service = await start(walk);
  const about = { service, setting, screenshots, evidence, walk: walk.name };
  const visitor = await Visitor.open({ browser, ...about });
  try {
    await walk.body(visitor);
    visitor.complainOfAccidents();
  } catch (fault) {
    await visitor.keepEvidence();
    throw new Error(`${fault.message}\n${visitor.story()}\n${service.log()}`);
  } finally {
    await visitor.close();
    await service.stop();
  }
}

const chosen = SETTINGS.flatMap((setting) => walks.map((walk) => ({ walk, setting })))
  .filter(({ walk, setting }) => !walk.onlyFor || walk.onlyFor.includes(setting.name))
  .map(({ walk, setting }) => ({
    name: `${walk.name} (${setting.name})`,
    run: () => runOne(walk, setting),
  }))
  .filter(({ name }) => words.every((word) => name.includes(word)));

const failed = await runAll(chosen, Number(process.env.KEYMEND_WALKS_AT_ONCE ?? 3));
await browser.close();
// A walk that took too long may still hold a service: nothing of it is wanted any more.
process.exit(failed === 0 ? 0 : 1);
