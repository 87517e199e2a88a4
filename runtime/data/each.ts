/**
 * Runs `work` over items, at most `width` at a time, and answers the results in the items' order. After the first
 * failure nothing new starts; that failure is thrown once what was running has settled.
 */
export async function mapEach<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  width = 4,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
  return results;
}
