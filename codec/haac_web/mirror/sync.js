/** Sync: head, then new log segments, then one commit. Whatever is refused has changed nothing. */

import { MirrorError } from "../errors.js";
import { sha256 } from "./digest.js";
import { checkHistory, parseHead } from "./head.js";
import { LogOrder, readSegment, segmentPath } from "./log.js";
import { State } from "./state.js";

/** So often is begun anew because another page committed first. */
const TRIES = 3;

/**
 * Bring the state of a repository up to date.
 *
 * @param {import("./transport.js").Transport} transport
 * @param {import("./memory_store.js").MemoryStore} store
 * @param {State|null} known what was accepted before
 * @param {object} options `id`: the only repository that is accepted; `signal`; `tries`: so often the head is asked
 *   for; `onProgress`: in log records
 * @returns {Promise<State>} `known` itself if nothing is new
 * @throws {MirrorError} what is published is wrong, or takes back what was accepted
 * @throws {import("../errors.js").TransportError} the server cannot be reached, or failed
 */
export async function syncState(transport, store, known, options) {
  let before = known;
  for (let tries = 1; ; tries += 1) {
    const made = await fetchState(transport, before, options);
    if (made === before) return made;
    const pages = new Map([...made.dirty].map((index) => [index, made.page(index)]));
    const change = { expected: before?.head ?? "", meta: made.meta(), pages, gone: made.gone };
    if (await store.commit(change)) {
      made.dirty.clear();
      return made;
    }
    if (tries === TRIES) throw new MirrorError("another page keeps changing what is kept of the repository: try again");
    const kept = await store.read();
    before = kept === null ? null : State.from(kept);
  }
}

async function fetchState(transport, known, { id, signal, tries, onProgress }) {
  const answer = await transport.head(known?.etag ?? "", signal, tries);
  if (answer === null) return known;
  const digest = await sha256(answer.data);
  if (digest === known?.head) return known;
  const head = parseHead(answer.data);
  if (id !== undefined && head.repository !== id) {
    throw new MirrorError(
      `the server publishes repository ${head.repository}, this page accepts ${id} only: is the address right?`,
    );
  }
  if (known !== null) checkHistory(head, known);
  const draft = (known ?? new State(head.repository)).draft();
  const lengths = new Map(head.packs.map((pack) => [pack.sha256, pack.bytes]));
  const order = new LogOrder(draft.records, draft.elements, lengths);
  for (const [index, info] of head.segments.entries()) {
    if (index < draft.segments.length) continue;
    const data = await transport.file(segmentPath(index + 1), info.bytes, signal);
    if ((await sha256(data)) !== info.sha256) {
      throw new MirrorError(
        `log segment ${index + 1} is not what the head promises: the server is publishing just now (try again), or` +
          " something on the way changes files",
      );
    }
    for await (const records of readSegment(data, info)) {
      for (const record of records) {
        order.accept(record);
        draft.apply(record, lengths);
      }
      signal?.throwIfAborted();
      onProgress?.({ stage: "log", done: order.records, total: head.records });
    }
    draft.segments.push(info);
  }
  draft.check(head);
  return Object.assign(draft, { head: digest, etag: answer.etag, time: head.time });
}
