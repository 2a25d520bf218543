namespace Retrieval.Storage.Postgres.Searching;

/// <summary>What <see cref="CatalogRecall"/> found.</summary>
/// <param name="Items">What was asked for.</param>
/// <param name="Count">K, the length of a shortlist.</param>
/// <param name="Queries">How many were asked.</param>
/// <param name="MeanRecall">Share of the exact shortlist that was found, 0 to 1, over all queries.</param>
/// <param name="LeastRecall">That of the worst query.</param>
/// <param name="MedianMilliseconds">Time of a shortlist.</param>
/// <param name="P95Milliseconds">Time that 95 in 100 shortlists kept.</param>
/// <param name="MedianExactMilliseconds">Time of comparing with all embeddings, in the database.</param>
public sealed record RecallReport(
    CatalogItems Items, int Count, int Queries, double MeanRecall, double LeastRecall, double MedianMilliseconds, double P95Milliseconds, double MedianExactMilliseconds);
