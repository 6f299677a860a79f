// Keeps account of the records: what was received, lost and doubled, by the numbers in the stream IDs.

// A stream ID is <ms>-<n>, and n counts the stream's records without a hole.
export function parseId(id) {
  const [ms, n] = id.split("-").map(Number);
  return { ms, n };
}

export class Ledger {
  received = 0;
  lost = 0;
  duplicated = 0;
  // Redis lost a numbering, so that nobody can say how many records went with it.
  uncertain = false;
  #last = new Map();
  #everyRecord;

  // everyRecord: whether the subscription leaves none out, so that neighbours differ by one.
  constructor(everyRecord) {
    this.#everyRecord = everyRecord;
  }

  // Gives what is to be shown: the records that are new, and a gap where some are missing without a word.
  take(stream, records) {
    const shown = [];
    for (const record of records) {
      const { n } = parseId(record.id);
      const last = this.#last.get(stream) ?? n - 1;
      if (n <= last) {
        this.duplicated += 1;
        continue;
      }
      if (this.#everyRecord && n > last + 1) shown.push(this.#unexplained(stream, n - last - 1, record.id));
      this.#last.set(stream, n);
      this.received += 1;
      shown.push(record);
    }
    return shown;
  }

  declare(gap) {
    if (gap.reason === "epoch") this.uncertain = true;
    else if (gap.reason !== "fork") this.lost += gap.count;
    if (gap.reason === "epoch" || gap.before) this.#last.set(gap.stream, gap.before ? parseId(gap.before).n - 1 : 0);
  }

  #unexplained(stream, count, before) {
    this.lost += count;
    return { type: "gap", stream, count, before, reason: "unexplained" };
  }
}
