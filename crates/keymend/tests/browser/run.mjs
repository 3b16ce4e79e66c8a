// Walks the pages in Chromium, as a person would: with and without JavaScript, on a phone and on
// a desktop.  Every walk has a demonstration service of its own.
//
//   KEYMEND_BIN=target/debug/keymend node crates/keymend/tests/browser/run.mjs [words of a name]…
//
// KEYMEND_SCREENSHOTS is where pictures go (target/screenshots), KEYMEND_WALKS_AT_ONCE how many
// walks go side by side (3), KEYMEND_GALLERY a folder with one gallery for each language.  `--self` tests the walker on a page of its own, without a service.

import { mkdirSync } from "node:fs";
import { chromium } from "./node_modules.mjs";
import { runAll } from "./runner.mjs";
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

const ROOMS = [stops, registration, reset, unlock, password, habits, protection, sameness];
const WALKS = ROOMS.flatMap((room) => room.walks);

/** In the last one the pages are those of the third in the window of the second. */
const SETTINGS = [
  { name: "phone", javaScript: true, width: 390, height: 844, isLookedAt: true },
  { name: "desktop", javaScript: true, width: 1280, height: 900, isLookedAt: true },
  { name: "phone, no script", javaScript: false, width: 390, height: 844, isLookedAt: true },
  { name: "desktop, no script", javaScript: false, width: 1280, height: 900, isLookedAt: false },
];

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
const walks = isSelfTest ? [sampleWalk] : [...galleries(process.env.KEYMEND_GALLERY), ...WALKS];
const screenshots = process.env.KEYMEND_SCREENSHOTS ?? "target/screenshots";
mkdirSync(screenshots, { recursive: true });

// Every service stops at the end of this process.
process.setMaxListeners(0);
const browser = await chromium.launch({
  executablePath: process.env.KEYMEND_CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
});

async function runOne(walk, setting) {
  const start = walk.start ?? (isSelfTest ? startSample : startDemo);
  const service = await start(walk);
  const visitor = await Visitor.open({ browser, service, setting, screenshots, walk: walk.name });
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
  .filter(({ walk, setting }) => (walk.onlyFor ?? setting.name) === setting.name)
  .map(({ walk, setting }) => ({
    name: `${walk.name} (${setting.name})`,
    run: () => runOne(walk, setting),
  }))
  .filter(({ name }) => words.every((word) => name.includes(word)));

const failed = await runAll(chosen, Number(process.env.KEYMEND_WALKS_AT_ONCE ?? 3));
await browser.close();
// A walk that took too long may still hold a service: nothing of it is wanted any more.
process.exit(failed === 0 ? 0 : 1);
