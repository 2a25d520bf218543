namespace Retrieval.Storage.Postgres.Following;

/// <summary>What one look at the catalog led to.</summary>
/// <param name="Index">The copy to serve; null if there is none yet.</param>
/// <param name="Changed">Whether that copy is another one, or has another generation, than after the step before.</param>
/// <param name="Refusal">Why the catalog's index is not followed, and what is served instead; null if it is.</param>
/// <param name="CatalogEpoch">Number of the last change in the catalog, of the index that is to be served.</param>
/// <param name="More">Whether there is more to do at once: another index is being copied beside the one that is served.</param>
/// <param name="Applied">Images put and deleted in this step, of whichever index.</param>
/// <param name="Bytes">Bytes fetched for that.</param>
/// <param name="Warning">What could not be done and does no harm yet, e.g. a compaction for lack of room.</param>
public sealed record FollowStep(
    FollowedIndex? Index,
    bool Changed,
    string? Refusal,
    long CatalogEpoch,
    bool More,
    long Applied,
    long Bytes,
    string? Warning);
