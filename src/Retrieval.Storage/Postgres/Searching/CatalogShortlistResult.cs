using Retrieval.Storage.Shortlist;

namespace Retrieval.Storage.Postgres.Searching;

/// <summary>Candidates of one query, as slots of a replica.</summary>
/// <param name="Hits">The best candidates, with exact scores, in the order of <see cref="ExactShortlist"/>.</param>
/// <param name="Missing">The number of candidates from the catalog that the replica does not have yet. The next ones replace
/// them.</param>
/// <param name="Damaged">Slots left out because the replica's embedding gives no finite score. The next ones replace them.</param>
public sealed record CatalogShortlistResult(ShortlistHit[] Hits, int Missing, IReadOnlyList<long> Damaged);
