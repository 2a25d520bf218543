using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Retrieval.Domain.Numbers;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Shortlist;

/// <summary>
/// Finds the candidates with the highest inner products by comparing the query with every live embedding. Safe for any number of
/// threads. It may be used only while its index is open.
/// </summary>
public sealed unsafe class ExactShortlist
{
    /// <summary>Queries that share one pass over the embeddings.</summary>
    private const int QueriesAtATime = 64;

    /// <summary>Embeddings that are compared with all queries of a pass while they are in the cache.</summary>
    private const int BlockBytes = 256 << 10;

    /// <summary>Work below which a second thread costs more than it saves, in bytes of embeddings times queries.</summary>
    private const long BytesAThread = 4L << 20;

    private readonly nint _embeddings;
    private readonly long _rows;
    private readonly int _width;
    private readonly SlotBitmap? _deleted;
    private readonly int _threads;
    private readonly int _blockRows;

    /// <summary>Searches the embeddings of <paramref name="bank"/>.</summary>
    /// <param name="bank">The images or the captions of an open index.</param>
    /// <param name="threads">Maximum number of threads for one search; 0 for one per processor.</param>
    public ExactShortlist(IndexBank bank, int threads = 0)
        : this(bank.Embedding.Address, bank.Slots, bank.Embedding.Spec.RowElements, bank.Deleted, threads)
    {
    }

    /// <summary>Searches embeddings anywhere in memory.</summary>
    /// <param name="embeddings">Address of float32 <c>[rows, width]</c>.</param>
    /// <param name="rows">N.</param>
    /// <param name="width">E.</param>
    /// <param name="deleted">Slots that are not candidates.</param>
    /// <param name="threads">Maximum number of threads for one search; 0 for one per processor.</param>
    public ExactShortlist(nint embeddings, long rows, int width, SlotBitmap? deleted = null, int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        _embeddings = embeddings;
        _rows = rows;
        _width = width;
        _deleted = deleted;
        _threads = threads == 0 ? Environment.ProcessorCount : threads;
        _blockRows = Math.Max(1, BlockBytes / sizeof(float) / width / InnerProduct.RowsAtATime) * InnerProduct.RowsAtATime;
    }

    /// <summary>The best candidates of one query, best first. Among equal scores the lower slot comes first.</summary>
    /// <param name="query">The query's embedding, <c>[E]</c>.</param>
    /// <param name="top">The number of candidates. Fewer are returned only if fewer exist.</param>
    /// <param name="accept">If given, only slots for which it returns true are candidates. Called from several threads, for
    /// promising slots only.</param>
    /// <param name="damaged">Receives the slot of each candidate left out because its score is not finite. Called from several
    /// threads.</param>
    /// <param name="factors">If given, one factor a slot, by which its inner product is multiplied.</param>
    /// <param name="cancellation">Observed within about a millisecond.</param>
    /// <exception cref="ArgumentException">The query does not have the embeddings' width, or is not finite.</exception>
    public ShortlistHit[] Find(ReadOnlyMemory<float> query, int top, Func<long, bool>? accept = null, Action<long>? damaged = null, float[]? factors = null, CancellationToken cancellation = default)
    {
        if (query.Length != _width)
        {
            throw new ArgumentException($"the query has {query.Length} elements, the embeddings have {_width}", nameof(query));
        }

        return FindMany(query, top, accept, damaged is null ? null : (_, slot) => damaged(slot), factors, cancellation)[0];
    }

    /// <summary>
    /// The same for Q queries at once. Many queries share one pass over the embeddings. Scores are identical to the bit.
    /// </summary>
    /// <param name="queries">The queries' embeddings, <c>[Q, E]</c>.</param>
    /// <param name="top">The number of candidates per query.</param>
    /// <param name="accept">If given, only slots for which it returns true are candidates, for every query.</param>
    /// <param name="damaged">Receives the query and the slot of each candidate left out because its score is not finite. Called
    /// from several threads.</param>
    /// <param name="factors">If given, one factor a slot, by which its inner products are multiplied.</param>
    /// <param name="cancellation">Observed within about a millisecond.</param>
    /// <returns>The hits of each query. All scores are finite.</returns>
    /// <exception cref="ArgumentException">The queries do not have the embeddings' width, or are not finite.</exception>
    public ShortlistHit[][] FindMany(
        ReadOnlyMemory<float> queries, int top, Func<long, bool>? accept = null, Action<int, long>? damaged = null, float[]? factors = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        RequireQueries(queries.Span);
        cancellation.ThrowIfCancellationRequested();
        var capacity = (int)Math.Min(top, _rows - (_deleted?.Count ?? 0));
        var results = new ShortlistHit[queries.Length / _width][];
        if (capacity == 0)
        {
            Array.Fill(results, []);
            return results;
        }

        using var pinned = queries.Pin();
        var address = (nint)pinned.Pointer;
        for (var first = 0; first < results.Length; first += QueriesAtATime)
        {
            var count = Math.Min(QueriesAtATime, results.Length - first);
            Scan(address + ((nint)first * _width * sizeof(float)), first, count, capacity, new Choice(accept, damaged, factors), cancellation).CopyTo(results, first);
        }

        return results;
    }

    private void RequireQueries(ReadOnlySpan<float> queries)
    {
        if (queries.Length % _width != 0)
        {
            throw new ArgumentException($"the queries have {queries.Length} elements, not a multiple of the embeddings' {_width}", nameof(queries));
        }

        if (!Finite.All(queries))
        {
            throw new ArgumentException("the query has a value that is not finite", nameof(queries));
        }
    }

    private ShortlistHit[][] Scan(nint queries, int firstQuery, int count, int capacity, Choice choice, CancellationToken cancellation)
    {
        var blocks = (_rows + _blockRows - 1) / _blockRows;
        var work = _rows * _width * sizeof(float) * count;
        var workers = (int)Math.Min(Math.Min(_threads, blocks), 1 + (work / BytesAThread));
        var found = new TopHits[workers][];
        long next = -1;

        // A worker takes the next free block, so a slow worker delays no other. The order of the result is a total one, so it
        // does not depend on which worker took which block.
        void Work(int worker)
        {
            var tops = found[worker] = [.. Enumerable.Range(firstQuery, count).Select(query => new TopHits(capacity) { Query = query })];
            for (var block = Interlocked.Increment(ref next); block < blocks; block = Interlocked.Increment(ref next))
            {
                cancellation.ThrowIfCancellationRequested();
                ScanBlock((float*)queries, count, block * _blockRows, Math.Min(_rows, (block + 1) * _blockRows), tops, choice);
            }
        }

        if (workers == 1)
        {
            Work(0);
        }
        else
        {
            RunAll(workers, Work, cancellation);
        }

        return [.. Enumerable.Range(0, count).Select(query => Merge(found, query, capacity))];
    }

    private static void RunAll(int workers, Action<int> work, CancellationToken cancellation)
    {
        try
        {
            Parallel.For(0, workers, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = workers }, work);
        }
        catch (AggregateException e)
        {
            // The filter threw: rethrow its error as if there were one thread.
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private void ScanBlock(float* queries, int count, long first, long end, TopHits[] tops, Choice choice)
    {
        Span<float> scores = stackalloc float[2 * InnerProduct.RowsAtATime];
        var embeddings = (float*)_embeddings;
        var query = 0;
        for (; query <= count - 2; query += 2)
        {
            var row = first;
            for (; row <= end - InnerProduct.RowsAtATime; row += InnerProduct.RowsAtATime)
            {
                InnerProduct.TwoByFour(queries + ((long)query * _width), embeddings + (row * _width), _width, scores);
                Keep(scores[..InnerProduct.RowsAtATime], row, tops[query], choice);
                Keep(scores[InnerProduct.RowsAtATime..], row, tops[query + 1], choice);
            }

            ScanRest(queries, query, row, end, tops, choice);
            ScanRest(queries, query + 1, row, end, tops, choice);
        }

        if (query < count)
        {
            var row = first;
            for (; row <= end - InnerProduct.RowsAtATime; row += InnerProduct.RowsAtATime)
            {
                InnerProduct.OneByFour(queries + ((long)query * _width), embeddings + (row * _width), _width, scores);
                Keep(scores[..InnerProduct.RowsAtATime], row, tops[query], choice);
            }

            ScanRest(queries, query, row, end, tops, choice);
        }
    }

    private void ScanRest(float* queries, int query, long row, long end, TopHits[] tops, Choice choice)
    {
        for (; row < end; row++)
        {
            Keep([InnerProduct.OneByOne(queries + ((long)query * _width), (float*)_embeddings + (row * _width), _width)], row, tops[query], choice);
        }
    }

    private void Keep(Span<float> scores, long row, TopHits top, Choice choice)
    {
        if (choice.Factors is { } factors)
        {
            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] *= factors[row + i];
            }
        }

        // Nearly always no row has a chance and all are finite: then nothing else is to be done.
        if (scores.Length == Vector128<float>.Count)
        {
            var all = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(scores));
            if (Vector128.LessThanOrEqualAll(all, Vector128.Create(top.Bar)) && Vector128.GreaterThanOrEqualAll(all, Vector128.Create(float.MinValue)))
            {
                return;
            }
        }

        foreach (var score in scores)
        {
            if (top.Wants(score) && _deleted?.Contains(row) != true && choice.Accept?.Invoke(row) != false)
            {
                if (float.IsFinite(score))
                {
                    top.Offer(new ShortlistHit(row, score));
                }
                else
                {
                    // The query is finite, so either the embedding is not, or it is so large that the sum overflows.
                    choice.Damaged?.Invoke(top.Query, row);
                }
            }

            row++;
        }
    }

    private static ShortlistHit[] Merge(TopHits[][] found, int query, int capacity)
    {
        var hits = found.SelectMany(tops => tops[query].Hits.ToArray()).ToArray();
        Array.Sort(hits, TopHits.Compare);
        return hits.Length <= capacity ? hits : hits[..capacity];
    }

    private sealed record Choice(Func<long, bool>? Accept, Action<int, long>? Damaged, float[]? Factors);
}
