// The pages that no walk reaches, as `cargo run --example gallery` writes them: every page in every
// shape, plain and with errors, in a language.

import { createServer } from "node:http";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { sure } from "./runner.mjs";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The narrowest window that a page must fit into without scrolling sideways (WCAG 1.4.10). */
const NARROW = { width: 320, height: 640 };

/** The folders of a gallery, one for each language; none where none was made. */
export function galleries(folder) {
  if (!folder) return [];
  const languages = readdirSync(folder);
  return languages.map((language) => galleryWalk(join(folder, language), language));
}

function galleryWalk(folder, language) {
  return {
    name: `every page in every shape is accessible and fits, ${language}`,
    onlyFor: "phone",
    start: () => serve(folder),
    async body(visitor) {
      const files = readdirSync(folder).filter((file) => file.endsWith(".html"));
      sure(files.length > 60, `the gallery has only ${files.length} pages`);
      for (const file of files) await looksAt(visitor, file, language);
    },
  };
}

async function looksAt(visitor, file, language) {
  await visitor.visit(`/${file}`);
  await visitor.page.setViewportSize(NARROW);
  await visitor.fits(NARROW.width);
  await visitor.page.setViewportSize({ width: 390, height: 844 });
  await visitor.inBothSchemes(`gallery ${language} ${basename(file, ".html")}`);
}

/** Serves the files of a folder; anything else is not there. */
async function serve(folder) {
  const server = createServer((request, response) => {
    const file = join(folder, new URL(request.url, "http://localhost").pathname);
    const type = TYPES[extname(file)];
    if (!type || !existsSync(file)) return response.writeHead(404).end();
    return response.writeHead(200, { "content-type": type }).end(readFileSync(file));
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
