namespace Retrieval.Storage.Postgres.Following;

/// <summary>The result of one look at the catalog.</summary>
/// <param name="Index">The copy to serve; null if there is none yet.</param>
/// <param name="Changed">Whether that copy, or its generation, differs from the one after the previous step.</param>
/// <param name="Refusal">Why the catalog's index is not followed, and what is served instead; null if it is followed.</param>
/// <param name="CatalogEpoch">Number of the last change in the catalog of the index to be served.</param>
/// <param name="More">Whether more work is due at once: another index is being copied next to the served one.</param>
/// <param name="Applied">Images put and deleted in this step, of any index.</param>
/// <param name="Bytes">Bytes fetched for that.</param>
/// <param name="Warning">What failed without harm so far, for example a compaction for lack of space.</param>
public sealed record FollowStep(
    FollowedIndex? Index,
    bool Changed,
    string? Refusal,
    long CatalogEpoch,
    bool More,
    long Applied,
    long Bytes,
    string? Warning);
