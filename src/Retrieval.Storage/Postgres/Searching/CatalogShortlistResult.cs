using Retrieval.Storage.Shortlist;

namespace Retrieval.Storage.Postgres.Searching;

/// <summary>Candidates of one query as slots of a replica.</summary>
/// <param name="Hits">The best, with exact scores, in the order of <see cref="ExactShortlist"/>.</param>
/// <param name="Missing">How many the catalog named that the replica does not have yet; the next ones stand in for them.</param>
/// <param name="Damaged">Slots that were left out since the replica's embedding gives no finite score; the next ones stand in for them.</param>
public sealed record CatalogShortlistResult(ShortlistHit[] Hits, int Missing, IReadOnlyList<long> Damaged);
