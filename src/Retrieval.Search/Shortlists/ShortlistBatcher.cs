using Retrieval.Inference.Scheduling;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Shortlists;

/// <summary>Exact shortlists over one collection: waiting queries share one pass over its embeddings.</summary>
/// <param name="shortlist">The exact shortlist of the collection.</param>
/// <param name="bytes">Size of its embeddings.</param>
internal sealed class ShortlistBatcher(ExactShortlist shortlist, long bytes) : IBatcher
{
    // A pass reads about 10 GB/s, and a pair takes about 0.4 ms: 4 MB cost as much as a pair.
    private const long BytesOfOnePair = 4L << 20;
    private const int QueriesPerBatch = 32;

    public string Kind => "shortlist";

    public int MaxBatchSize => QueriesPerBatch;

    public long CostOfOne => 1 + (bytes / BytesOfOnePair);

    public IBatch Assemble(IReadOnlyList<WorkSlice> slices) => new ShortlistBatch(shortlist, [.. slices.Select(slice => (ShortlistItem)slice.Item)]);

    private sealed class ShortlistBatch(ExactShortlist shortlist, ShortlistItem[] items) : IBatch
    {
        public void Run()
        {
            // A filter belongs to one query, and so do factors: it gets its own pass.
            foreach (var item in items.Where(item => item.Accept is not null || item.Factors is not null))
            {
                Find(item);
            }

            ShortlistItem[] plain = [.. items.Where(item => item is { Accept: null, Factors: null })];
            if (plain.Length == 1)
            {
                Find(plain[0]);
            }
            else if (plain.Length > 1)
            {
                FindTogether(plain);
            }
        }

        public void Dispose()
        {
        }

        // An item whose caller disconnected or whose deadline passed in the meantime has ended already; the others do not fail for it.
        private void Find(ShortlistItem item)
        {
            try
            {
                item.Hits = shortlist.Find(item.Query, item.Top, item.Accept, item.Damaged.Enqueue, item.Factors, item.Wanted);
            }
            catch (OperationCanceledException) when (item.Wanted.IsCancellationRequested)
            {
            }
        }

        private void FindTogether(ShortlistItem[] plain)
        {
            var width = plain[0].Query.Length;
            var queries = new float[plain.Length * width];
            for (var i = 0; i < plain.Length; i++)
            {
                plain[i].Query.CopyTo(queries.AsMemory(i * width));
            }

            var found = shortlist.FindMany(queries, plain.Max(item => item.Top), damaged: (query, slot) => plain[query].Damaged.Enqueue(slot));
            for (var i = 0; i < plain.Length; i++)
            {
                plain[i].Hits = found[i].Length <= plain[i].Top ? found[i] : found[i][..plain[i].Top];
            }
        }
    }
}
