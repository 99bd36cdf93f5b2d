// Starts one check of authwatch after the gateway has started, as a separate process; the gateway does not wait for it.
"use strict";

const { spawn } = require("node:child_process");

// Only variables that say where things are: the rest of the gateway's environment may hold secrets.
const NEEDED = /^(HOME|PATH|LANG|LC_ALL|TZ|PREFIX|LD_LIBRARY_PATH|XDG_\w+|AUTHWATCH_CONFIG|OPENCLAW_\w+_(DIR|PATH)|OPENCLAW_HOME)$/;

module.exports = async function handler(event) {
  if (event.type !== "gateway" || event.action !== "startup") return;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => NEEDED.test(name)));
  const child = spawn("authwatch", ["check", "--exit-zero"], { detached: true, stdio: "ignore", env });
  child.on("error", (error) => console.error(`[authwatch-check] could not start authwatch: ${error.code}`));
  child.unref();
};
