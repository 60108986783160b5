// The way in on a fresh machine: node and nothing else. Installs what is missing, says so, then does what was asked.
// Plain JavaScript without dependencies, since it runs before there are any.

const WANTED_NODE = [20, 19];

const USAGE = `Usage: node native-config/bootstrap.mjs COMMAND
  start [ARGS]            build, then "guardian ARGS"; without ARGS "run" with a config file, else "demo"
  test [PATHS] [FLAGS]    install what tests need, then run them (FLAGS are those of "node --test")
  check [--no-tests]      format, lint, types, boundaries, generated files, tests
  bench [NAME] [ARGS]     one benchmark, or all
  build                   compile src into dist
  deb [FOLDER]            build the Debian package
  generate [--check]      write the generated files, or fail when they are stale
  packages [--dry-run]    install only the Debian packages (as root)`;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < WANTED_NODE[0] || (major === WANTED_NODE[0] && minor < WANTED_NODE[1])) {
  console.error(`Cannot start: this is Node ${process.versions.node}, want ${WANTED_NODE.join('.')} or newer`);
  process.exit(1);
}

const [command, ...args] = process.argv.slice(2);
// Loaded only now: older versions of Node could not even parse it.
const { COMMANDS } = await import('./bootstrap/commands.mjs');
if (!Object.hasOwn(COMMANDS, command ?? '')) {
  console.error(USAGE);
  process.exit(2);
}
try {
  process.exitCode = await COMMANDS[command](args);
} catch (error) {
  // What was foreseen is explained by its message; the stack is for our own mistakes.
  console.error(error.isForeseen === true ? error.message : error);
  process.exitCode = 1;
}
