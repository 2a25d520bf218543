using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Evaluation;
using Retrieval.Search.Queries;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Evaluation;

/// <summary>
/// One direction of an evaluation. Queries are processed in small blocks, and only their ranks are kept: the candidates of
/// the first stage (all of them, in coarse order) are dropped with their block.
/// </summary>
internal sealed class Direction
{
    private const int MostQueriesPerBlock = 32;

    // Some 40 bytes each, while a block's shortlists are merged.
    private const long CandidatesPerBlock = 4L << 20;

    public required LocalIndex Index { get; init; }

    /// <summary>What is ranked; the queries are the others.</summary>
    public required CatalogItems Items { get; init; }

    /// <summary>Number of candidates: those of the fold.</summary>
    public required int CandidateCount { get; init; }

    /// <summary>Whether the item in a slot is a candidate; null if all live ones are.</summary>
    public Func<long, bool>? IsCandidate { get; init; }

    /// <summary>Slots of the queries.</summary>
    public required int[] QuerySlots { get; init; }

    /// <summary>Whether a candidate (second argument) belongs to a query (first argument).</summary>
    public required Func<int, long, bool> IsTarget { get; init; }

    /// <summary>Shortlist sizes, ascending.</summary>
    public required IReadOnlyList<int> Shortlists { get; init; }

    /// <summary>The orders of the rows.</summary>
    public required IReadOnlyList<RankBy> Orders { get; init; }

    /// <summary>How hits are ordered by both stages; null if by the score alone.</summary>
    public required DirectionRanking? Ranking { get; init; }

    /// <summary>Scores of a query with the given slots of the bank, for shortlists; null if they take those of all candidates.</summary>
    public Func<int, long[], float[]>? Score { get; init; }

    /// <summary>The same for all candidates; null if there is no full ranking.</summary>
    public Func<int, long[], float[]>? ScoreAll { get; init; }

    /// <summary>The catalog's first stage, for shortlists through pgvector; null for exact ones alone.</summary>
    public CatalogShortlist? Catalog { get; init; }

    /// <summary>Threads of the first stage; 0 for all cores.</summary>
    public int Threads { get; init; }

    private IndexBank Bank => Items == CatalogItems.Images ? Index.Images : Index.Captions;

    private IndexBank Queries => Items == CatalogItems.Images ? Index.Captions : Index.Images;

    /// <param name="time">Measures shortlists.</param>
    /// <param name="progress">Told the share of the queries that is done.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public async Task<DirectionResult> RunAsync(TimeProvider time, Action<double> progress, CancellationToken cancellationToken)
    {
        var coarse = new int[QuerySlots.Length];
        int[][] full = [.. Orders.Select(_ => new int[QuerySlots.Length])];
        var exact = Tallies();
        var pgvector = Catalog is null ? null : new PgvectorShortlists(Catalog, Index, Items, time, Tallies(), Refuse);
        var perBlock = (int)Math.Clamp(CandidatesPerBlock / Math.Max(1, CandidateCount), 1, MostQueriesPerBlock);
        var shortlist = new ExactShortlist(Bank, Threads);
        for (var first = 0; first < QuerySlots.Length; first += perBlock)
        {
            var block = Array.ConvertAll(QuerySlots[first..Math.Min(first + perBlock, QuerySlots.Length)], slot => (Slot: slot, Embedding: QueryItems.EmbeddingOf(Index, Queries, slot)));
            var found = shortlist.FindMany(block.SelectMany(query => query.Embedding).ToArray(), CandidateCount, IsCandidate, Refuse, cancellation: cancellationToken);
            for (var i = 0; i < block.Length; i++)
            {
                var (slot, embedding) = block[i];
                var candidates = new Candidates(found[i], candidate => IsTarget(slot, candidate), Ranking);
                var vectors = pgvector is null ? [] : await pgvector.FindAsync(first + i, embedding, candidates, cancellationToken).ConfigureAwait(false);
                SetScores(slot, candidates, vectors);

                coarse[first + i] = candidates.CoarseRank;
                var topTens = ScoreAll is null ? null : Orders.Select(candidates.FullTopTen).ToArray();
                for (var order = 0; order < Orders.Count && ScoreAll is not null; order++)
                {
                    full[order][first + i] = candidates.FullRank(Orders[order]);
                }

                for (var size = 0; size < Shortlists.Count; size++)
                {
                    exact[size].Add(first + i, candidates, candidates.First(Shortlists[size]), topTens);
                    pgvector?.Reranked[size].Add(first + i, candidates, vectors[size], topTens);
                }

                progress((first + i + 1.0) / QuerySlots.Length);
            }
        }

        return new DirectionResult(CandidateCount, Summary(coarse), ScoreAll is null ? null : [.. full.Select(Summary)], exact, pgvector?.Reranked, pgvector?.Measures());
    }

    private ShortlistTally[] Tallies() => [.. Shortlists.Select(size => new ShortlistTally(size, QuerySlots.Length, Orders))];

    private void SetScores(int query, Candidates candidates, int[][] vectors)
    {
        if (ScoreAll is not null)
        {
            candidates.SetAll(ScoreAll(query, candidates.Slots()));
        }

        if (Score is not null && Shortlists.Count > 0)
        {
            int[] listed = [.. candidates.First(Shortlists[^1]).Concat(vectors.SelectMany(places => places)).Distinct()];
            candidates.SetListed(listed, Score(query, Array.ConvertAll(listed, candidates.SlotAt)));
        }
    }

    // If it were left out, it would count as not found; an evaluation covers all candidates or fails.
    private void Refuse(int query, long slot) =>
        throw new InvalidInputException($"the embedding of slot {slot} of the {Bank.Name} gives no finite inner product", field: "evaluation");

    private RankSummary Summary(int[] ranks) => RecallMetrics.FromRanks(ranks, CandidateCount);
}
