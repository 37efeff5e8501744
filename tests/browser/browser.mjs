// The browser, and what every script here does first.
import { chromium } from 'playwright-core';

export function launch() {
  return chromium.launch({
    executablePath: process.env.COUNTERSIGN_TEST_CHROMIUM,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
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
