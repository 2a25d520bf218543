namespace Retrieval.Search.Evaluation;

/// <summary>pgvector's shortlists of one size in one direction.</summary>
/// <param name="Recall">Share of the exact shortlist that pgvector's has, in percent, averaged over the queries.</param>
/// <param name="LeastRecall">The same of the worst query.</param>
/// <param name="MedianMilliseconds">Median time of a shortlist, with rescoring its candidates from the local embeddings.</param>
/// <param name="P95Milliseconds">The time that 95 of 100 stay below.</param>
/// <param name="Missing">Candidates that pgvector named and the local copy does not have: it was changed meanwhile.</param>
/// <param name="FellBack">Queries for which the catalog lacked rows. A search takes the exact shortlist for them, and so do the
/// rows of the report; <paramref name="Recall"/> counts what pgvector gave.</param>
public sealed record PgvectorMeasures(double Recall, double LeastRecall, double MedianMilliseconds, double P95Milliseconds, int Missing, int FellBack);
