// Loads the TypeScript entry of a thread where tsx runs the sources: on Node 20 a thread does not inherit tsx's loader. The built
// JavaScript is started directly and does not need this file.
import { register } from 'tsx/esm/api';

register();
await import(process.argv[2]);
