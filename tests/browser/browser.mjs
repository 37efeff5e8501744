// The browser, and what every script here does first.
import { chromium } from 'playwright-core';

const ATTEMPTS = 3;

/** Starts the browser. On some machines it dies now and then while it starts: that says nothing of our pages. */
export async function launch() {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await chromium.launch({
        executablePath: process.env.COUNTERSIGN_TEST_CHROMIUM,
        args: [
          '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
          '--disable-background-networking', '--disable-component-update', '--disable-sync',
        ],
      });
    } catch (error) {
      if (attempt === ATTEMPTS) {
        console.error(`the browser does not start (${ATTEMPTS} attempts): ${error.message}`);
        process.exit(1);
      }
    }
  }
}

/** The address of the running Countersign, from the command line. */
export function address(usage) {
  const base = process.argv[2]?.replace(/\/+$/, '');
  if (!base || !URL.canParse(base)) {
    console.error(`usage: ${usage} URL    (of a running Countersign, e.g. http://127.0.0.1:8080)`);
    process.exit(2);
  }
  return base;
}
