import { StringDecoder } from 'node:string_decoder';

/** The longest element kept whole; a MISP attribute with all its tags is a few kilobytes. */
const MAX_ITEM_LENGTH = 65_536;

const MAX_DEPTH = 64;

/** One `{` or `[` that is open. */
interface Level {
  readonly isArray: boolean;
  /** It is an array whose elements are wanted. */
  readonly isWanted: boolean;
}

/**
 * Reads the elements of every array with one of the wanted names out of a JSON text of any size, without holding more
 * than one element. An element that holds a wanted array itself (a MISP object with its attributes) yields that array's
 * elements and not itself. It knows strings and brackets; each element is parsed by `JSON.parse`.
 */
export class JsonItems {
  readonly #wanted: ReadonlySet<string>;
  readonly #decoder = new StringDecoder('utf8');
  readonly #levels: Level[] = [];
  #items: unknown[] = [];
  #inString = false;
  #escaped = false;
  /** The last complete string: a member's name when `[` follows. */
  #lastString = '';
  #string = '';
  #item: string | undefined;
  #itemDepth = 0;
  #bad = 0;
  #broken = false;

  constructor(wanted: readonly string[]) {
    this.#wanted = new Set(wanted);
  }

  /** Elements that were too long or no JSON. */
  get bad(): number {
    return this.#bad;
  }

  /** Whether the text so far is a whole JSON value: no bracket and no string is open, and none closed too often. */
  get isComplete(): boolean {
    return !this.#broken && !this.#inString && this.#levels.length === 0;
  }

  /** The elements that `chunk` completes. */
  push(chunk: Buffer): unknown[] {
    this.#items = [];
    const text = this.#decoder.write(chunk);
    for (let at = 0; at < text.length && !this.#broken; at += 1) this.#take(text[at] ?? '');
    return this.#items;
  }

  #take(char: string): void {
    if (this.#inString) this.#takeInString(char);
    else if (char === '"') this.#openString();
    else if (char === '{' || char === '[') this.#open(char === '[');
    else if (char === '}' || char === ']') this.#close(char === ']');
    else if (char === ',' && this.#endsItem()) this.#giveItem();
    else if (this.#endsItem() || this.#item !== undefined) this.#append(char);
  }

  #takeInString(char: string): void {
    this.#append(char);
    if (this.#escaped) this.#escaped = false;
    else if (char === '\\') this.#escaped = true;
    else if (char === '"') {
      this.#inString = false;
      this.#lastString = this.#string;
      return;
    }
    if (this.#string.length < 64) this.#string += char;
  }

  #openString(): void {
    this.#inString = true;
    this.#string = '';
    this.#append('"');
  }

  #open(isArray: boolean): void {
    const isWanted = isArray && this.#wanted.has(this.#lastString);
    if (isWanted) this.#item = undefined;
    else if (this.#item !== undefined) this.#append(isArray ? '[' : '{');
    else if (this.#endsItem()) this.#startItem(isArray ? '[' : '{');
    this.#levels.push({ isArray, isWanted });
    this.#lastString = '';
    if (this.#levels.length > MAX_DEPTH) this.#broken = true;
  }

  #close(isArray: boolean): void {
    if (this.#endsItem() && isArray) this.#giveItem();
    const level = this.#levels.pop();
    if (level === undefined || level.isArray !== isArray) this.#broken = true;
    else if (!level.isWanted && this.#item !== undefined) this.#append(isArray ? ']' : '}');
  }

  /** Whether the innermost open bracket is a wanted array, so that a comma or `]` ends an element. */
  #endsItem(): boolean {
    return this.#levels.at(-1)?.isWanted === true;
  }

  #startItem(char: string): void {
    this.#item = char;
    this.#itemDepth = this.#levels.length;
  }

  #append(char: string): void {
    if (this.#item === undefined) {
      if (this.#endsItem() && char.trim() !== '') this.#startItem(char);
      return;
    }
    if (this.#item.length <= MAX_ITEM_LENGTH) this.#item += char;
  }

  #giveItem(): void {
    const item = this.#item;
    this.#item = undefined;
    if (item === undefined || this.#itemDepth !== this.#levels.length) return;
    if (item.length > MAX_ITEM_LENGTH) {
      this.#bad += 1;
      return;
    }
    try {
      this.#items.push(JSON.parse(item));
    } catch {
      this.#bad += 1;
    }
  }
}
