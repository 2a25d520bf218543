namespace Retrieval.Storage.Postgres.Searching;

/// <summary>The result of <see cref="CatalogRecall"/>.</summary>
/// <param name="Items">What was searched.</param>
/// <param name="Count">K, the length of a shortlist.</param>
/// <param name="Queries">The number of queries.</param>
/// <param name="MeanRecall">Share of the exact shortlist that was found, 0 to 1, over all queries.</param>
/// <param name="LeastRecall">The same share for the worst query.</param>
/// <param name="MedianMilliseconds">Median time of a shortlist.</param>
/// <param name="P95Milliseconds">Time that 95 of 100 shortlists do not exceed.</param>
/// <param name="MedianExactMilliseconds">Median time of comparing with all embeddings, in the database.</param>
public sealed record RecallReport(
    CatalogItems Items, int Count, int Queries, double MeanRecall, double LeastRecall, double MedianMilliseconds, double P95Milliseconds, double MedianExactMilliseconds);
