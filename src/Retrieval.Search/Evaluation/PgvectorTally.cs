using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Search.Evaluation;

/// <summary>Collects what pgvector's shortlists of one size have of the exact ones, and their times.</summary>
internal sealed class PgvectorTally(int size)
{
    private readonly List<double> _recalls = [];
    private readonly List<double> _milliseconds = [];
    private int _missing;
    private int _fellBack;

    public int Size => size;

    /// <summary>Adds one query.</summary>
    /// <param name="exact">All candidates in coarse order.</param>
    /// <param name="found">pgvector's shortlist.</param>
    /// <param name="took">Its time.</param>
    /// <param name="fellBack">Whether a search would not have taken it.</param>
    public void Add(Candidates exact, CatalogShortlistResult found, TimeSpan took, bool fellBack)
    {
        // By score and not by row: candidates of equal score are interchangeable. Both compute scores alike, to the bit.
        var count = Math.Min(size, exact.Count);
        var least = exact.CoarseAt(count - 1);
        _recalls.Add((double)found.Hits.Count(hit => hit.Score >= least) / count);
        _milliseconds.Add(took.TotalMilliseconds);
        _missing += found.Missing;
        _fellBack += fellBack ? 1 : 0;
    }

    public PgvectorMeasures Measures()
    {
        double[] sorted = [.. _milliseconds.Order()];
        return new PgvectorMeasures(
            100 * _recalls.Average(), 100 * _recalls.Min(), (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[(int)(0.95 * (sorted.Length - 1))], _missing, _fellBack);
    }
}
