using Retrieval.Domain.Bundles;

namespace Retrieval.Search.Evaluation;

/// <summary>What an evaluation computes.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Shortlist sizes to rerank unless others are chosen, beside the bundle's own.</summary>
    public static IReadOnlyList<int> UsualShortlists { get; } = [10, 20, 50, 100, 200];

    /// <summary>Shortlist sizes to rerank, each at least 1; null for <see cref="UsualShortlists"/> and the bundle's own.</summary>
    public IReadOnlyList<int>? Shortlists { get; init; }

    /// <summary>Whether the queries are scored with every candidate as well. This gives the quality without a first stage, and
    /// with it what a shortlist loses.</summary>
    public bool Full { get; init; }

    /// <summary>Number of queries in each direction and fold, at least 1, evenly spaced; null for all. Every query ranks the whole
    /// fold.</summary>
    public int? Queries { get; init; }

    /// <summary>Most pairs to score unless all are asked for: minutes on two cores.</summary>
    public const long UsualPairs = 2_000_000;

    /// <summary>Most pairs to score where <see cref="Queries"/> is null, at least 1: if all queries have more, as many of them are
    /// taken as stay below it, at least one of each direction and fold. Null for no bound.</summary>
    public long? MostPairs { get; init; }

    /// <summary>Parts of equally many consecutive images, at least 1. Each is evaluated by itself, with the captions of its own
    /// images, and the report has the means: with 5 the "1K" protocol for MS-COCO's 5,000 test images.</summary>
    public int Folds { get; init; } = 1;

    /// <summary>The shortlist sizes for a bundle, ascending and distinct.</summary>
    internal IReadOnlyList<int> ShortlistsFor(RankingSpec? ranking)
    {
        IEnumerable<int> own = ranking is null ? [] : [ranking.TextToImage.Shortlist, ranking.ImageToText.Shortlist];
        return [.. (Shortlists ?? UsualShortlists.Concat(own)).Distinct().Order()];
    }
}
