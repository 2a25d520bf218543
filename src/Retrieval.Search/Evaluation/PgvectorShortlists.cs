using Retrieval.Search.Queries;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Search.Evaluation;

/// <summary>
/// Shortlists of one direction through pgvector, taken as a search takes them: one query at a time, of the very size, rescored
/// from the local embeddings, and not used where the catalog lacks rows that the local copy has.
/// </summary>
internal sealed class PgvectorShortlists
{
    private readonly CatalogShortlist _catalog;
    private readonly LocalIndex _index;
    private readonly CatalogItems _items;
    private readonly TimeProvider _time;
    private readonly Action<int, long> _damaged;
    private readonly PgvectorTally[] _tallies;
    private readonly ShortlistTally[] _reranked;
    private readonly int[] _placeOf;

    /// <param name="catalog">The catalog's first stage.</param>
    /// <param name="index">The local copy.</param>
    /// <param name="items">What is searched.</param>
    /// <param name="time">Measures shortlists.</param>
    /// <param name="reranked">Collects the reranked shortlists, one of each size.</param>
    /// <param name="damaged">Receives the query and the slot of a candidate whose embedding gives no finite score.</param>
    public PgvectorShortlists(CatalogShortlist catalog, LocalIndex index, CatalogItems items, TimeProvider time, ShortlistTally[] reranked, Action<int, long> damaged)
    {
        (_catalog, _index, _items, _time, _damaged, _reranked) = (catalog, index, items, time, damaged, reranked);
        _tallies = [.. reranked.Select(tally => new PgvectorTally(tally.Size))];
        _placeOf = new int[(items == CatalogItems.Images ? index.Images : index.Captions).Slots];
    }

    /// <summary>Collects the reranked shortlists, by size.</summary>
    public IReadOnlyList<ShortlistTally> Reranked => _reranked;

    public IReadOnlyList<PgvectorMeasures> Measures() => [.. _tallies.Select(tally => tally.Measures())];

    /// <summary>The shortlists of one query, by size, as places in its exact order.</summary>
    public async Task<int[][]> FindAsync(int query, ReadOnlyMemory<float> embedding, Candidates exact, CancellationToken cancellationToken)
    {
        for (var place = 0; place < exact.Count; place++)
        {
            _placeOf[exact.SlotAt(place)] = place;
        }

        var shortlists = new int[_tallies.Length][];
        for (var i = 0; i < shortlists.Length; i++)
        {
            var size = _tallies[i].Size;
            var began = _time.GetTimestamp();
            var found = await _catalog.FindAsync(_index, _items, embedding, size, null, cancellationToken).ConfigureAwait(false);
            var took = _time.GetElapsedTime(began);
            foreach (var slot in found.Damaged)
            {
                _damaged(query, slot);
            }

            var lacks = CatalogStage.LacksRows(_index, _items, found, size);
            _tallies[i].Add(exact, found, took, lacks);
            shortlists[i] = lacks ? exact.First(size) : Array.ConvertAll(found.Hits, hit => _placeOf[hit.Slot]);
        }

        return shortlists;
    }
}
