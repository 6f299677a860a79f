// Streams whose colours are told apart by their place; those beyond share.
const MOST = 10_000;

/** Streams in the order in which they were first seen: their colours. */
export class Hues {
  readonly #places = new Map<string, number>();
  #names: string[] = [];

  /** All of them; another array when there is a new one. */
  get names(): string[] {
    return this.#names;
  }

  of(stream: string): number {
    return this.#places.get(stream) ?? this.#learn(stream);
  }

  #learn(stream: string): number {
    if (this.#names.length >= MOST) return stream.length;
    const place = this.#places.size;
    this.#places.set(stream, place);
    this.#names = [...this.#names, stream];
    return place;
  }
}
