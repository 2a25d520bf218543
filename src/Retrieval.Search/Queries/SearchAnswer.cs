using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Queries;

/// <summary>The answer to a search.</summary>
/// <param name="Hits">The results, best first.</param>
/// <param name="Query">How the caption was read; null for an image query.</param>
/// <param name="Shortlisted">Candidates the first stage gave.</param>
/// <param name="Reranked">How many of them the matching model scored.</param>
/// <param name="Degraded">Null, or why the answer is less than was asked for: <see cref="DegradedReasons"/>.</param>
/// <param name="Model">Name and fingerprint of the model, shortened.</param>
/// <param name="IndexEpoch">Generation of the index that was searched.</param>
/// <param name="Stages">Time each stage took.</param>
public sealed record SearchAnswer(
    IReadOnlyList<SearchHit> Hits,
    QueryTokens? Query,
    int Shortlisted,
    int Reranked,
    string? Degraded,
    string Model,
    long IndexEpoch,
    IReadOnlyList<StageTime> Stages);
