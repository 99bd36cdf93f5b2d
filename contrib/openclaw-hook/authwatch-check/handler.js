// One check of authwatch after the gateway started, in a process of its own that the gateway neither awaits nor feeds.
"use strict";

const { spawn } = require("node:child_process");

// Where things lie, and no more: what the gateway has in its environment besides may be secrets.
const NEEDED = /^(HOME|PATH|LANG|LC_ALL|TZ|PREFIX|LD_LIBRARY_PATH|XDG_\w+|AUTHWATCH_CONFIG|OPENCLAW_\w+_(DIR|PATH)|OPENCLAW_HOME)$/;

module.exports = async function handler(event) {
  if (event.type !== "gateway" || event.action !== "startup") return;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => NEEDED.test(name)));
  const child = spawn("authwatch", ["check", "--exit-zero"], { detached: true, stdio: "ignore", env });
  child.on("error", (error) => console.error(`[authwatch-check] cannot start authwatch: ${error.code}`));
  child.unref();
};
