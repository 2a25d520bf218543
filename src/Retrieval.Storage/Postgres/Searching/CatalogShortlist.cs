using Retrieval.Domain.Images;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Storage.Postgres.Searching;

/// <summary>
/// The first stage of a replica. Candidates are found in the catalog and scored again with the replica's own float32 embeddings.
/// It requests a few more than wanted, so that a candidate that half precision ranked too low can still be included. Safe for
/// concurrent calls.
/// </summary>
/// <param name="vectors">Finds the candidates.</param>
/// <param name="indexId">The index's number in the catalog.</param>
public sealed class CatalogShortlist(VectorShortlist vectors, int indexId)
{
    private const int FewestMore = 16;
    private const int Attempts = 4;

    /// <summary>The best candidates, best first. Among equal scores the lower slot comes first.</summary>
    /// <param name="index">The replica's index. It may be behind the catalog or ahead of it.</param>
    /// <param name="items">Images or captions.</param>
    /// <param name="query">The query's embedding, <c>[E]</c>, finite.</param>
    /// <param name="count">The number of candidates. Fewer are returned only if fewer exist.</param>
    /// <param name="filter">Conditions on the image's metadata by key, all of which must hold. Null for none.</param>
    /// <param name="cancellationToken">Ends the wait and the work in the database.</param>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused, or the index is gone.</exception>
    /// <exception cref="ArgumentException">The query does not have the index's width, or is not finite.</exception>
    public async Task<CatalogShortlistResult> FindAsync(
        LocalIndex index,
        CatalogItems items,
        ReadOnlyMemory<float> query,
        int count,
        IReadOnlyDictionary<string, MetadataCondition>? filter,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var asked = count + (long)Math.Max(FewestMore, count / 8);
        for (var attempt = 1; ; attempt++)
        {
            var named = await vectors.FindAsync(
                items, indexId, index.Schema.EmbeddingWidth, query, (int)Math.Min(asked, int.MaxValue), filter, cancellationToken).ConfigureAwait(false);
            var (hits, damaged) = Score(index, items, query, named);
            if (hits.Count >= count || named.Count < asked || attempt == Attempts)
            {
                hits.Sort(TopHits.Compare);
                return new CatalogShortlistResult([.. hits.Take(count)], named.Count - hits.Count - damaged.Count, damaged);
            }

            // Most of what was just written is missing, or much is damaged: request enough additional candidates to rule out
            // this reason next time.
            asked += 2L * (named.Count - hits.Count);
        }
    }

    private static unsafe (List<ShortlistHit> Hits, List<long> Damaged) Score(LocalIndex index, CatalogItems items, ReadOnlyMemory<float> query, IReadOnlyList<CatalogHit> named)
    {
        var embeddings = (items == CatalogItems.Images ? index.Images : index.Captions).Embedding;
        var width = embeddings.Spec.RowElements;
        var hits = new List<ShortlistHit>(named.Count);
        var damaged = new List<long>();
        using var pinned = query.Pin();
        foreach (var hit in named)
        {
            if (Slot(index, hit) is { } slot)
            {
                var score = InnerProduct.OneByOne((float*)pinned.Pointer, (float*)embeddings.Address + (slot * width), width);
                if (float.IsFinite(score))
                {
                    hits.Add(new ShortlistHit(slot, score));
                }
                else
                {
                    damaged.Add(slot);
                }
            }
        }

        return (hits, damaged);
    }

    private static long? Slot(LocalIndex index, CatalogHit hit)
    {
        if (!index.TryGetImageSlot(hit.ImageId, out var image))
        {
            return null;
        }

        if (hit.Position < 0)
        {
            return image;
        }

        // The replica may have the image's previous version, with fewer captions.
        var (first, captions) = index.CaptionsOf(image);
        return hit.Position < captions ? first + hit.Position : null;
    }
}
