using System.Text;
using System.Text.Json;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Queries;

/// <summary>
/// The answer to a search. It holds a lease on the searched snapshot, since the texts of its hits stay in the index's files
/// until they are written; dispose of it after that.
/// </summary>
public sealed class SearchAnswer : IDisposable
{
    private readonly SearchSnapshot _snapshot;
    private IReadOnlyList<SearchHit>? _hits;
    private bool _disposed;

    internal SearchAnswer(SearchSnapshot snapshot, IReadOnlyList<LocatedHit> places, IReadOnlyList<StageTime> stages)
    {
        _snapshot = snapshot;
        Texts = new StoredTexts(snapshot.Index);
        Places = places;
        Stages = stages;
        Model = snapshot.Model.Label;
        Index = snapshot.Name;
        IndexEpoch = snapshot.Epoch;
    }

    /// <summary>The results, best first, without their texts. The texts have been checked: all of them can be written.</summary>
    public IReadOnlyList<LocatedHit> Places { get; }

    /// <summary>Where the texts are stored. Must not be read after the answer is disposed of.</summary>
    public StoredTexts Texts { get; }

    /// <summary>How the caption was tokenized; null for an image query.</summary>
    public QueryTokens? Query { get; init; }

    /// <summary>Number of candidates from the first stage.</summary>
    public int Shortlisted { get; init; }

    /// <summary>How many of them the matching model scored.</summary>
    public int Reranked { get; init; }

    /// <summary>Null, or why the answer is less than the request asked for: <see cref="DegradedReasons"/>.</summary>
    public string? Degraded { get; init; }

    /// <summary>Name and fingerprint of the model, shortened.</summary>
    public string Model { get; }

    /// <summary>Name of the index that was searched; null for a served local index, which has none.</summary>
    public string? Index { get; }

    /// <summary>Generation of the local index that was searched; with a catalog, the index's epoch there.</summary>
    public long IndexEpoch { get; }

    /// <summary>Time each stage took.</summary>
    public IReadOnlyList<StageTime> Stages { get; }

    /// <summary>The results with their texts, read into memory: for a program that shows a few of them.</summary>
    public IReadOnlyList<SearchHit> Hits => _hits ??= [.. Places.Select(Read)];

    /// <summary>
    /// Requires that the data the answer is written from still exists. Called before the first byte is written, and again after
    /// the last: an answer for which this fails at the end must not count as complete.
    /// </summary>
    public void RequireWhole() => StoredWhole.Require(_snapshot, _disposed);

    /// <summary>Ends the lease.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _snapshot.Dispose();
        }
    }

    private SearchHit Read(LocatedHit place)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var image = Encoding.UTF8.GetString(Texts.Id(place.Image));
        var id = place.Caption is null ? image : CaptionId.Of(image, place.Position);
        var caption = place.Caption is { } slot ? Encoding.UTF8.GetString(Texts.Text(slot)) : null;
        return new SearchHit(id, place.Rank, place.Score, place.ScoreRank, place.Coarse, place.RankingScore, image, MetadataOf(Texts, place.Image), caption);
    }

    internal static JsonElement? MetadataOf(StoredTexts texts, long image)
    {
        var json = texts.Metadata(image);
        if (json.IsEmpty)
        {
            return null;
        }

        var reader = new Utf8JsonReader(json);
        return JsonElement.ParseValue(ref reader);
    }
}
