using System.Runtime.InteropServices;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Evaluation;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Evaluation;

/// <summary>
/// One direction of an evaluation. Queries are processed in small blocks, and only their ranks are kept: the candidates of
/// the first stage (all of them, in coarse order) are dropped with their block.
/// </summary>
internal sealed class Direction
{
    private const int QueriesPerBlock = 32;
    private const int TopTen = 10;

    public required IndexBank Queries { get; init; }

    public required IndexBank Bank { get; init; }

    /// <summary>Slots of the queries.</summary>
    public required int[] QuerySlots { get; init; }

    /// <summary>Whether a candidate (second argument) belongs to a query (first argument).</summary>
    public required Func<int, long, bool> IsTarget { get; init; }

    /// <summary>Shortlist sizes, ascending.</summary>
    public required IReadOnlyList<int> Shortlists { get; init; }

    /// <summary>Scores of a query with the given slots of the bank.</summary>
    public required Func<int, long[], float[]> Score { get; init; }

    /// <summary>Scores of a query with every slot of the bank; null if they are not needed.</summary>
    public Func<int, float[]>? ScoresOfAll { get; init; }

    /// <summary>Threads of the first stage; 0 for all cores.</summary>
    public int Threads { get; init; }

    /// <param name="progress">Told the share of the queries that is done.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public DirectionResult Run(Action<double> progress, CancellationToken cancellationToken)
    {
        var coarse = new int[QuerySlots.Length];
        var full = new int[QuerySlots.Length];
        var reranked = Shortlists.Select(_ => new int[QuerySlots.Length]).ToArray();
        var overlaps = new TopTenOverlap[Shortlists.Count];
        var shortlist = new ExactShortlist(Bank, Threads);
        for (var first = 0; first < QuerySlots.Length; first += QueriesPerBlock)
        {
            var block = QuerySlots.AsSpan(first, Math.Min(QueriesPerBlock, QuerySlots.Length - first));
            var found = shortlist.FindMany(Embeddings(block), (int)Bank.Slots, cancellation: cancellationToken, damaged: Refuse);
            for (var i = 0; i < block.Length; i++)
            {
                var query = block[i];
                var slots = Array.ConvertAll(found[i], hit => hit.Slot);
                bool IsListedTarget(int place) => IsTarget(query, slots[place]);
                coarse[first + i] = TargetRank.Of(Array.ConvertAll(found[i], hit => hit.Score), IsListedTarget);

                var listed = slots[..Math.Min(slots.Length, Shortlists.Count == 0 ? 0 : Shortlists[^1])];
                var scores = listed.Length == 0 ? [] : Score(query, listed);
                for (var size = 0; size < Shortlists.Count; size++)
                {
                    var count = Math.Min(Shortlists[size], listed.Length);
                    reranked[size][first + i] = TargetRank.Of(scores.AsSpan(0, count), IsListedTarget);
                }

                if (ScoresOfAll is not null)
                {
                    var scoresOfAll = ScoresOfAll(query);
                    full[first + i] = TargetRank.Of(scoresOfAll, slot => IsTarget(query, slot));
                    AddOverlaps(overlaps, slots, scoresOfAll);
                }

                progress((first + i + 1.0) / QuerySlots.Length);
            }
        }

        return new DirectionResult(
            Summary(coarse),
            [.. reranked.Select(Summary)],
            ScoresOfAll is null ? null : Summary(full),
            [.. overlaps.Select(sum => sum.Percent(QuerySlots.Length))]);
    }

    // If it were left out, it would count as not found; an evaluation covers a whole split or fails.
    private void Refuse(int query, long slot) =>
        throw new InvalidInputException($"the embedding of slot {slot} of the {Bank.Name} gives no finite inner product", field: "evaluation");

    private void AddOverlaps(TopTenOverlap[] overlaps, long[] inCoarseOrder, float[] scoresOfAll)
    {
        // Positions in coarse order. Equal scores stay in coarse order, as in an answer.
        var best = Enumerable.Range(0, inCoarseOrder.Length)
            .Select(place => (Place: place, Score: scoresOfAll[inCoarseOrder[place]]))
            .OrderByDescending(candidate => candidate.Score).ThenBy(candidate => candidate.Place)
            .Take(TopTen).ToList();
        for (var size = 0; size < overlaps.Length; size++)
        {
            overlaps[size] = overlaps[size].Add(best.Count(candidate => candidate.Place < Shortlists[size]), best.Count);
        }
    }

    private float[] Embeddings(ReadOnlySpan<int> slots)
    {
        var width = Queries.Embedding.Spec.RowElements;
        var embeddings = new float[slots.Length * width];
        for (var i = 0; i < slots.Length; i++)
        {
            MemoryMarshal.Cast<byte, float>(Queries.Embedding.Row(slots[i])).CopyTo(embeddings.AsSpan(i * width));
        }

        return embeddings;
    }

    private RankSummary Summary(int[] places) => RecallMetrics.FromRanks(places, (int)Bank.Count);
}
