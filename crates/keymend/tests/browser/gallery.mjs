// The pages that no walk reaches, as `cargo run --example gallery` writes them: every page in every
// shape, plain and with errors, in a language.

import { createServer } from "node:http";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { axeSource } from "./node_modules.mjs";
import { sure } from "./runner.mjs";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The narrowest window that a page must fit into without scrolling sideways (WCAG 1.4.10). */
const NARROW = { width: 320, height: 640 };

/** How many pages one walk looks at, so that several go side by side. */
const PAGES_MAX = 30;

/** Walks through a gallery: folders of pages, one for each language; none where none was made. */
export function galleries(folder) {
  if (!folder) return [];
  return readdirSync(folder).flatMap((language) => rooms(join(folder, language), language));
}

function rooms(folder, language) {
  const files = readdirSync(folder).filter((file) => file.endsWith(".html"));
  sure(files.length > 60, `the gallery ${folder} has only ${files.length} pages`);
  const count = Math.ceil(files.length / PAGES_MAX);
  return Array.from({ length: count }, (_, index) => ({
    name: `every page in every shape is accessible and fits, ${language} ${index + 1}/${count}`,
    onlyFor: ["phone"],
    start: () => serve(folder),
    async body(visitor) {
      await visitor.context.addInitScript(axeSource);
      const room = files.slice(index * PAGES_MAX, (index + 1) * PAGES_MAX);
      for (const file of room) await looksAt(visitor, file, language);
    },
  }));
}

/** Colours do not depend on the language, so one language is looked at in light alone. */
async function looksAt(visitor, file, language) {
  await visitor.visit(`/${file}`);
  await visitor.page.setViewportSize(NARROW);
  await visitor.fits(NARROW.width);
  await visitor.page.setViewportSize({ width: 390, height: 844 });
  const schemes = language === "en" ? ["light", "dark"] : ["light"];
  await visitor.inSchemes(schemes, `gallery ${language} ${basename(file, ".html")}`);
}

/** axe is a script, and where scripts run what is for those without one is not shown. */
function asWithoutScript(content) {
  return content.toString().replace(/<noscript>(<p.*?)<\/noscript>/gs, "$1");
}

/** Serves the files of a folder; anything else is not there. */
async function serve(folder) {
  const server = createServer((request, response) => {
    const file = join(folder, new URL(request.url, "http://localhost").pathname);
    const type = TYPES[extname(file)];
    if (!type || !existsSync(file)) return response.writeHead(404).end();
    // Pages that renew themselves would leave while they are looked at.
    const content = type === TYPES[".js"] ? "" : asWithoutScript(readFileSync(file));
    return response.writeHead(200, { "content-type": type }).end(content);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    accounts: {},
    log: () => "",
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
