// Loads a TypeScript entry of the intake where tsx runs the sources: on Node 20 a thread or process of its own does not
// inherit tsx's loader. The built JavaScript is started directly and does not need this file.
import { register } from 'tsx/esm/api';

register();
await import(new URL(process.argv[2], import.meta.url).href);
