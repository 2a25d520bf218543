using System.Text.Json.Serialization.Metadata;
using Retrieval.Search.Queries;
using Retrieval.Server.Configuration;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Requests;

/// <summary>Which request members have bounds: used by the check, its messages, and the API's document.</summary>
internal sealed class RequestBounds(ServerOptions options)
{
    private const int MostBoxes = 10_000;

    private readonly Dictionary<(Type, string), WholeNumberBound> _bounds = Of(options, new SearchBounds(options.Search));

    /// <summary>The bounds of the member; null if it has none.</summary>
    public WholeNumberBound? Find(JsonPropertyInfo member) =>
        _bounds.TryGetValue((member.DeclaringType, member.Name), out var bound) ? bound : null;

    private static Dictionary<(Type, string), WholeNumberBound> Of(ServerOptions options, SearchBounds search) => new()
    {
        [(typeof(SearchRequest), "top")] = search.Top,
        [(typeof(SearchRequest), "offset")] = search.Offset,
        [(typeof(SearchRequest), "shortlist")] = search.Shortlist,
        [(typeof(SearchRequest), "deadlineMs")] = search.DeadlineMs,
        [(typeof(ScoreRequest), "pairs")] = search.Pairs,
        [(typeof(ExplainRequest), "deadlineMs")] = search.DeadlineMs,
        [(typeof(BatchRequest), "queries")] = new(1, options.Limits.BatchQueries),
        [(typeof(ImageRequest), "captions")] = new(0, options.Images.MaxCaptions),
        [(typeof(ImageRequest), "boxes")] = new(0, MostBoxes),
        [(typeof(IngestionRequest), "batchRows")] = IngestionRequest.BatchRowsBound,
    };
}
