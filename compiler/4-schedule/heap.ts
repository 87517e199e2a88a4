/** A binary heap: the least item first, by `before`, in O(log n) an item. */
export class Heap<Item> {
  private readonly items: Item[] = [];

  constructor(private readonly before: (a: Item, b: Item) => boolean) {}

  push(item: Item): void {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(items[at] as Item, items[parent] as Item)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  pop(): Item | undefined {
    const { items } = this;
    const least = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return least;
    items[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < items.length && this.before(items[child] as Item, items[least] as Item)) least = child;
      }
      if (least === at) break;
      this.swap(at, least);
      at = least;
    }
    return least;
  }

  private swap(a: number, b: number): void {
    const { items } = this;
    [items[a], items[b]] = [items[b] as Item, items[a] as Item];
  }
}
