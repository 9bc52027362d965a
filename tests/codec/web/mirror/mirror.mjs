/** A repository of another origin, synced in this engine: its log, all elements, and what is here when it is opened again. */

const hex = async (data) => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

export async function run(load) {
  const { Repository } = await import("../../../../codec/haac_web/mirror/repository.js");
  const { IndexedDbStore } = await import("../../../../codec/haac_web/mirror/indexed_db_store.js");
  const url = new TextDecoder().decode(await load("url"));
  const repository = await Repository.open(url);
  const { changed } = await repository.sync({ packs: true });
  const found = {};
  for (const [number, data] of await repository.elements(repository.numbers())) found[number] = await hex(data);
  repository.close();
  if (globalThis.indexedDB === undefined) return { found, changed };
  return { found, changed, ...(await inDatabase(Repository, IndexedDbStore, repository.url)) };
}

async function inDatabase(Repository, IndexedDbStore, url) {
  const again = await Repository.open(url, { fetch: () => Promise.reject(new TypeError("no network")), pause: async () => {} });
  const here = (await again.elements(again.numbers())).size;
  const store = new IndexedDbStore(url);
  const before = await store.read();
  // A change that cannot be written: nothing of it is.
  const broken = { expected: before.meta.head, meta: { ...before.meta, head: "x" }, pages: new Map([[0, [() => {}]]]), gone: [1] };
  const failed = await store.commit(broken).then(
    () => "",
    (error) => error.name,
  );
  const stale = await store.commit({ ...broken, expected: "another", pages: new Map() });
  await store.put(new Map([[1, new Uint8Array(1)]]), "another");
  const after = await store.read();
  const lengths = [...(await store.bytes([1, 999]))].map(([number, data]) => [number, data.length > 1]);
  const same = JSON.stringify(after) === JSON.stringify(before);
  again.close();
  store.close();
  await Repository.forget(url);
  const empty = await store.read();
  store.close();
  return { here, failed, stale, same, lengths, empty };
}
